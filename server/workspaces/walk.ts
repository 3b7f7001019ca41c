import { lstatSync } from "node:fs";
import { chmod, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fail } from "@regent/contract";
import { isCachePath, pathProblem, show } from "./path.ts";
import type { CheckInOptions, TreeEntry, WorkspaceLimits } from "./workspaces.ts";

// Looking at a file takes microseconds, and a hundred times that by way of another thread. Others get a turn in between.
const TURN = 100;

/**
 * Everything below a directory, without following a link. Limits are counted on the way, so that a flood ends the
 * walk instead of filling memory. Sizes are what `stat` says: a sparse file of a terabyte is refused unread.
 */
export async function walk(
  directory: string,
  limits: WorkspaceLimits,
  options: CheckInOptions,
): Promise<{ entries: TreeEntry[]; caches: string[] }> {
  const entries: TreeEntry[] = [];
  const caches: string[] = [];
  let bytes = 0;
  let seen = 0;
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of await namesIn(join(directory, folder))) {
      const path = folder === "" ? toName(name, folder) : `${folder}/${toName(name, folder)}`;
      const stats = lstatSync(join(directory, path));
      if (++seen % TURN === 0) await setImmediate();
      if (stats.isDirectory() && isCachePath(path, options.cachePaths)) {
        caches.push(path);
        continue;
      }
      const problem = pathProblem(path, limits);
      if (problem) throw fail("file_refused", { path: show(path), reason: problem });
      if (entries.length >= limits.entries) throw fail("workspace_too_large", { limit: `${limits.entries} files` });
      if (stats.isDirectory()) {
        folders.push(path);
        entries.push({ path, kind: "folder", executable: false, size: 0 });
      } else if (stats.isSymbolicLink()) {
        entries.push({ path, kind: "link", executable: false, size: 0, target: await targetOf(directory, path) });
      } else if (stats.isFile()) {
        bytes += stats.size;
        if (bytes > limits.bytes) throw fail("workspace_too_large", { limit: `${limits.bytes} bytes` });
        entries.push({ path, kind: "file", executable: (stats.mode & 0o111) !== 0, size: stats.size });
      } else options.onLeftOut?.(path, stats.isFIFO() ? "pipe" : stats.isSocket() ? "socket" : "device");
    }
  }
  return { entries, caches };
}

const namesIn = (folder: string): Promise<Buffer[]> =>
  readdir(folder, { encoding: "buffer" }).catch(async (error) => {
    if (error.code !== "EACCES") throw error;
    await chmod(folder, 0o700);
    return readdir(folder, { encoding: "buffer" });
  });

function toName(name: Buffer, folder: string): string {
  const text = name.toString("utf8");
  // Trees are JSON. A name that does not come back as the same bytes would be another file after a check-out.
  if (!Buffer.from(text).equals(name))
    throw fail("file_refused", {
      path: show(`${folder ? `${folder}/` : ""}${name.toString("latin1")}`),
      reason: "its name is not UTF-8",
    });
  return text;
}

async function targetOf(directory: string, path: string): Promise<string> {
  const target = await readlink(join(directory, path), { encoding: "buffer" });
  const text = target.toString("utf8");
  if (!Buffer.from(text).equals(target))
    throw fail("file_refused", { path: show(path), reason: "the link's target is not UTF-8" });
  return text;
}
