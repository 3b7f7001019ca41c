/**
 * One user number per run, so that the kernel itself keeps runs apart. Held by a lock file that names the holder:
 * several servers share the machine's range, and a number is free again only when its holder is gone.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isOwnerAlive, ownName, readText } from "./processes.ts";

export interface UidRange {
  first: number;
  count: number;
}

export interface RunUid {
  uid: number;
  release(): void;
}

const LOCKS = "/run/regent/uids";

/** The first lies where systemd's map of user numbers has nothing; the others are for containers that map fewer. */
const CANDIDATES: UidRange[] = [
  { first: 1_879_048_192, count: 65_536 },
  { first: 200_000, count: 65_536 },
  { first: 61_184, count: 4_096 },
];

export const chooseUidRange = (): UidRange | undefined =>
  CANDIDATES.find((range) => ["uid_map", "gid_map"].every((map) => covers(`/proc/self/${map}`, range)));

/** A root that is the only user of its namespace has nobody to become, and no rights beyond it: an ordinary user. */
export const isRealRoot = (): boolean =>
  process.getuid?.() === 0 && mapOf("/proc/self/uid_map").reduce((sum, [, , count = 0]) => sum + count, 0) > 1;

export function createUids(range: UidRange) {
  mkdirSync(LOCKS, { recursive: true, mode: 0o700 });
  const owner = ownName();
  // Each server begins at another place, so that a number rests for long before it is used again.
  let cursor = (process.pid * 127) % range.count;

  return {
    take(): RunUid {
      for (let tries = 0; tries < range.count; tries += 1) {
        const uid = range.first + (cursor++ % range.count);
        const path = join(LOCKS, String(uid));
        if (lock(path, owner)) return { uid, release: () => rmSync(path, { force: true }) };
      }
      throw new Error("every user number of the sandbox is taken");
    },

    /** Numbers whose holder died. Their processes must be ended before `forget`. */
    listStale: (): number[] =>
      readdirSync(LOCKS)
        .filter((name) => !isHeld(join(LOCKS, name)))
        .map(Number),

    forget: (uid: number) => rmSync(join(LOCKS, String(uid)), { force: true }),
  };
}

export type Uids = ReturnType<typeof createUids>;

function lock(path: string, owner: string): boolean {
  try {
    writeFileSync(path, owner, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Gone: released just now. Empty: its holder is between making and filling the file. */
function isHeld(path: string): boolean {
  const owner = readText(path);
  return owner === undefined || owner === "" || isOwnerAlive(owner);
}

const covers = (map: string, { first, count }: UidRange): boolean =>
  mapOf(map).some(([inside = 0, , length = 0]) => inside <= first && inside + length >= first + count);

const mapOf = (path: string): number[][] =>
  (readText(path) ?? "")
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
