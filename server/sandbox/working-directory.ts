/** The folder that a script may write: made its own before, watched meanwhile, tidied after. */
import { constants } from "node:fs";
import { chmod, copyFile, lchown, lstat, mkdir, readdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";

/**
 * Gives every entry to the run's user. Links are never followed. A file with a second name elsewhere is detached
 * first: its other name may be a stored blob, which the script would own as well.
 */
export async function giveTo(path: string, uid: number): Promise<void> {
  const info = await lstat(path);
  if (info.isDirectory()) for (const name of await readdir(path)) await giveTo(join(path, name), uid);
  else if (info.isFile() && info.nlink > 1) await detach(path, info.mode);
  await lchown(path, uid, uid);
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

async function detach(path: string, mode: number): Promise<void> {
  const copy = `${path}.${process.pid}.regent`;
  await rm(copy, { force: true });
  await copyFile(path, copy, constants.COPYFILE_EXCL);
  await chmod(copy, mode & 0o777);
  await rename(copy, path);
}
