/** The folder that a script may write: made its own before, watched meanwhile, tidied after. */
import { chmodSync, constants, copyFileSync, lchownSync, lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { lchown, lstat, mkdir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

const ENTRIES_AT_ONCE = 500;

/**
 * Gives every entry to the run's user. Links are never followed. A file with a second name elsewhere is detached
 * first: its other name may be a stored blob, which the script would own as well.
 * A tree may have 100,000 files, so this works without promises and lets others run in between.
 */
export async function giveTo(directory: string, uid: number): Promise<void> {
  const waiting = [directory];
  for (let count = 1; waiting.length > 0; count += 1) {
    const path = waiting.pop()!;
    const info = lstatSync(path);
    if (info.isDirectory()) for (const name of readdirSync(path)) waiting.push(join(path, name));
    else if (info.isFile() && info.nlink > 1) detach(path, info.mode);
    lchownSync(path, uid, uid);
    if (count % ENTRIES_AT_ONCE === 0) await setImmediate();
  }
}

/**
 * The folder in which the script starts, made if absent. Undefined when a link leads there: what lies behind it is for
 * the script's own eyes, not for ours.
 */
export async function makeStartFolder(directory: string, below: string, uid: number | undefined) {
  let path = directory;
  for (const name of below.split("/").filter(Boolean)) {
    path = join(path, name);
    const there = await lstat(path).catch(() => undefined);
    if (there && !there.isDirectory()) return undefined;
    if (!there) await makeFolder(path, uid);
  }
  return path;
}

/** An empty mount point for the inputs, whatever lay there. Returns what takes it away again. */
export async function makeInputsFolder(startFolder: string, uid: number | undefined): Promise<() => Promise<void>> {
  const path = join(startFolder, "inputs");
  const there = await lstat(path).catch(() => undefined);
  if (there?.isDirectory()) return async () => {};
  if (there) await unlink(path);
  await makeFolder(path, uid);
  return () => rmdir(path).catch(() => undefined);
}

async function makeFolder(path: string, uid: number | undefined): Promise<void> {
  await mkdir(path);
  if (uid !== undefined) await lchown(path, uid, uid);
}

function detach(path: string, mode: number): void {
  const copy = `${path}.${process.pid}.regent`;
  rmSync(copy, { force: true });
  copyFileSync(path, copy, constants.COPYFILE_EXCL);
  chmodSync(copy, mode & 0o777);
  renameSync(copy, path);
}
