import { bwrapDriver } from "./bwrap-driver.ts";
import type { Driver } from "./driver.ts";
import { probeDriver } from "./probe-driver.ts";
import type { Walls } from "./run-script.ts";
import type { Probe } from "./sandbox.ts";
import { createFilter } from "./seccomp.ts";
import { chooseUidRange, createUids, isRealRoot, type Uids } from "./uids.ts";
import { usernsDriver } from "./userns-driver.ts";

export interface Site extends Omit<Walls, "driver" | "version" | "filter" | "uids"> {
  allowed: Driver["id"][] | undefined;
}

export interface Raised {
  driver: { id: string; probe: Probe };
  walls: Walls | undefined;
  /** Why there are none, one sentence for each driver. */
  refusal: string;
  uids: Uids | undefined;
}

const DRIVERS = [bwrapDriver, usernsDriver];

/** Tries the drivers in turn and takes the first that passes its self-test. */
export async function raiseWalls({ allowed, ...site }: Site): Promise<Raised> {
  const users = findUsers();
  if ("probe" in users) return { ...refuse([{ id: "none", probe: users.probe }]), uids: undefined };
  const tried: Raised["driver"][] = [];
  for (const driver of DRIVERS.filter(({ id }) => allowed?.includes(id) ?? true)) {
    const { probe, version } = await probeDriver({ ...site, ...users, driver });
    const filter = probe.ok ? createFilter(process.arch, site.groups !== undefined) : undefined;
    const tryOut = { id: driver.id, probe };
    if (filter) return { driver: tryOut, walls: { ...site, ...users, driver, version, filter }, refusal: "", ...users };
    tried.push(tryOut);
  }
  return { ...refuse(tried), ...users };
}

/** Root never runs a script as itself; an ordinary user has nobody else to be. */
function findUsers(): { uids: Uids | undefined } | { probe: Probe } {
  if (!isRealRoot()) return { uids: undefined };
  const range = chooseUidRange();
  const fix = "Give the server a range of at least 4,096 free user numbers, or run it as an ordinary user.";
  if (!range) return { probe: { ok: false, reason: "there are no spare user numbers here", fix } };
  try {
    return { uids: createUids(range) };
  } catch (error) {
    return { probe: { ok: false, reason: `user numbers cannot be reserved: ${(error as Error).message}`, fix } };
  }
}

function refuse(tried: Raised["driver"][]): Omit<Raised, "uids"> {
  const none: Probe = { ok: false, reason: "no driver is allowed", fix: "Allow bwrap or userns." };
  const refusal = tried.map(({ id, probe }) => (probe.ok ? "" : `${id}: ${probe.reason}. ${probe.fix}`)).join(" ");
  return { driver: tried[0] ?? { id: "none", probe: none }, walls: undefined, refusal: refusal || none.reason };
}
