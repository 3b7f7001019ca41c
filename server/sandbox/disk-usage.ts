/**
 * How much of the disk a folder really takes while its owner may be changing it. Folders are opened relative to an
 * open descriptor and links are never followed, so that swapping a folder for a link leads nowhere.
 */
import { closeSync, constants, lstatSync, opendirSync, openSync, statfsSync, statSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { MB } from "./limits.ts";
import { listNames } from "./processes.ts";

export interface DiskUse {
  bytes: number;
  files: number;
  tooDeep: boolean;
}

const DEPTH_MAX = 200;
const ENTRIES_AT_ONCE = 200;
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Stops counting when either limit is passed. Holes of sparse files take nothing; a second name of a file neither.
 * Lets go of the thread every few hundred entries: the folder may hold 100,000.
 */
export async function measure(directory: string, limits: { bytes: number; files: number }): Promise<DiskUse> {
  const use: DiskUse = { bytes: 0, files: 0, tooDeep: false };
  const seen = new Set<number>();
  const isEnough = () => use.tooDeep || use.bytes > limits.bytes || use.files > limits.files;

  async function walk(folder: number, depth: number): Promise<void> {
    use.tooDeep ||= depth > DEPTH_MAX;
    const path = `/proc/self/fd/${folder}`;
    const entries = opendirSync(path);
    try {
      for (let entry = entries.readSync(); entry && !isEnough(); entry = entries.readSync()) {
        const at = `${path}/${entry.name}`;
        const info = lstatSync(at, { throwIfNoEntry: false });
        if (!info || (info.nlink > 1 && !info.isDirectory() && seen.has(info.ino))) continue;
        if (info.nlink > 1) seen.add(info.ino);
        use.files += 1;
        use.bytes += info.blocks * 512;
        if (use.files % ENTRIES_AT_ONCE === 0) await setImmediate();
        if (info.isDirectory()) await enter(at, depth + 1);
      }
    } finally {
      entries.closeSync();
    }
  }

  async function enter(path: string, depth: number): Promise<void> {
    const folder = openFolder(path);
    if (folder === undefined) return; // gone, swapped for a link, or closed to us
    await walk(folder, depth).finally(() => closeSync(folder));
  }

  await enter(directory, 0);
  return use;
}

/** What the processes write into files that have lost their names: a walk cannot find those. */
export function namelessBytes(pids: number[], directory: string): number {
  const device = lstatSync(directory, { throwIfNoEntry: false })?.dev;
  const sizes = new Map<number, number>();
  for (const pid of pids) {
    for (const fd of listNames(`/proc/${pid}/fd`)) {
      const info = statOf(`/proc/${pid}/fd/${fd}`);
      if (info?.isFile() && info.nlink === 0 && info.dev === device) sizes.set(info.ino, info.blocks * 512);
    }
  }
  return [...sizes.values()].reduce((total, size) => total + size, 0);
}

const openFolder = (path: string): number | undefined => {
  try {
    return openSync(path, FOLDER);
  } catch {
    return undefined;
  }
};

const statOf = (path: string) => {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
};

export interface Free {
  bytes: number;
  files: number;
  /** Too little is left for the rest of the machine. */
  nearlyFull: boolean;
}

const RESERVE_BYTES = 256 * MB;
const RESERVE_FILES = 10_000;

/** Undefined when the folder has gone. */
export function freeOf(path: string): Free | undefined {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(path);
    const bytes = bavail * bsize;
    // Some file systems have no fixed number of inodes and say 0 of 0.
    return { bytes, files: ffree, nearlyFull: bytes < RESERVE_BYTES || (files > 0 && ffree < RESERVE_FILES) };
  } catch {
    return undefined;
  }
}
