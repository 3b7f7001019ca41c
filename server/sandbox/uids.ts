/**
 * One user number per run, so that the kernel itself keeps runs apart. Several servers share the machine's range, and
 * a number is free again only when its holder is gone and what ran under it is ended.
 *
 * A lock is a folder named by the number with one file in it, named by the holder. Both are put there by one rename,
 * and a lock changes hands only by a rename or removal of exactly that file: whoever looked a moment too late finds
 * it gone, and can take nothing from the one who holds the number now.
 */
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isOwnerAlive, listNames, ownName, readText } from "./processes.ts";

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

export function createUids(range: UidRange, { locks = LOCKS, owner = ownName() } = {}) {
  mkdirSync(locks, { recursive: true, mode: 0o700 });
  // Each server begins at another place, so that a number rests for long before it is used again.
  let cursor = (process.pid * 127) % range.count;
  const lockOf = (uid: number): string => join(locks, String(uid));

  return {
    take(): RunUid {
      for (let tries = 0; tries < range.count; tries += 1) {
        const uid = range.first + (cursor++ % range.count);
        if (lock(lockOf(uid), owner)) return { uid, release: () => unlock(lockOf(uid), owner) };
      }
      throw new Error("every user number of the sandbox is taken");
    },

    /**
     * Takes over the numbers whose holders died; of several servers that try, one gets each. Processes under a number
     * must be ended before its `release`.
     */
    takeStale(): RunUid[] {
      removeHalfMade(locks);
      return listNumbers(locks).flatMap((uid) => {
        const dead = holderOf(lockOf(uid));
        if (dead === undefined || isOwnerAlive(dead) || !handOver(lockOf(uid), dead, owner)) return [];
        return [{ uid, release: () => unlock(lockOf(uid), owner) }];
      });
    },
  };
}

export type Uids = ReturnType<typeof createUids>;

/** Begins with a point, so that it is no number. */
const HALF_MADE = /^\.(\d+-\d*)-\d+$/;
let made = 0;

/** A rename puts a folder in the place of nothing or of an empty folder, and of nothing else. */
function lock(path: string, owner: string): boolean {
  const halfMade = join(path, "..", `.${owner}-${++made}`);
  mkdirSync(halfMade, { mode: 0o700 });
  writeFileSync(join(halfMade, owner), "", { mode: 0o600 });
  if (happens(() => renameSync(halfMade, path), ["ENOTEMPTY", "EEXIST", "ENOTDIR"])) return true;
  rmSync(halfMade, { recursive: true });
  return false;
}

const handOver = (path: string, from: string, to: string): boolean =>
  happens(() => renameSync(join(path, from), join(path, to)), ["ENOENT", "ENOTDIR"]);

/** The folder stays when another server has just locked it: then it is not empty. */
function unlock(path: string, owner: string): void {
  happens(() => unlinkSync(join(path, owner)), ["ENOENT", "ENOTDIR"]);
  happens(() => rmdirSync(path), ["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR"]);
}

const holderOf = (path: string): string | undefined => listNames(path)[0];

const listNumbers = (locks: string): number[] =>
  listNames(locks)
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

function removeHalfMade(locks: string): void {
  for (const name of readdirSync(locks)) {
    const owner = HALF_MADE.exec(name)?.[1];
    if (owner === undefined || isOwnerAlive(owner)) continue;
    happens(() => rmSync(join(locks, name), { recursive: true, force: true }), ["ENOENT", "ENOTEMPTY"]);
  }
}

/** False: it did not, for one of the reasons that only say that another server was faster. */
function happens(change: () => void, otherwise: string[]): boolean {
  try {
    change();
    return true;
  } catch (error) {
    if (otherwise.includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

const covers = (map: string, { first, count }: UidRange): boolean =>
  mapOf(map).some(([inside = 0, , length = 0]) => inside <= first && inside + length >= first + count);

const mapOf = (path: string): number[][] =>
  (readText(path) ?? "")
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
