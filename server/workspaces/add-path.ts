import { lstat, realpath } from "node:fs/promises";
import { basename } from "node:path";
import { fail } from "@regent/contract";
import type { Blobs } from "#platform";
import { storeFile, storeFiles } from "./check-in.ts";
import { pathProblem, show } from "./path.ts";
import type { Trees } from "./tree.ts";
import { walk } from "./walk.ts";
import type { TreeDigest, TreeEntry, WorkspaceLimits } from "./workspaces.ts";

/** The path itself may be a link, since whoever names it means what it leads to; links inside a folder stay links. */
export async function addPath(
  deps: { blobs: Blobs; trees: Trees; limits: WorkspaceLimits },
  path: string,
): Promise<{ tree: TreeDigest; name: string; size: number }> {
  const real = await realpath(path).catch((error) => {
    throw fail("not_found", { what: `file or folder ${show(path)}` }, error);
  });
  const name = basename(path) === "." || basename(path) === ".." ? basename(real) : basename(path);
  const stats = await lstat(real);
  if (stats.isDirectory()) {
    const { entries } = await walk(real, deps.limits, {});
    await storeFiles(deps.blobs, real, entries, () => undefined);
    return { tree: await deps.trees.save(entries), name, size: sizeOf(entries) };
  }
  if (!stats.isFile())
    throw fail("invalid_input", {
      errors: [{ pointer: "", message: `${show(path)} is a device, socket or pipe, not a file` }],
    });
  if (stats.size > deps.limits.bytes) throw fail("workspace_too_large", { limit: `${deps.limits.bytes} bytes` });
  const problem = pathProblem(name, deps.limits);
  if (problem) throw fail("file_refused", { path: show(name), reason: problem });
  const entry: TreeEntry = { path: name, kind: "file", executable: (stats.mode & 0o111) !== 0, size: stats.size };
  entry.digest = await storeFile(deps.blobs, real, entry);
  return { tree: await deps.trees.save([entry]), name, size: entry.size };
}

const sizeOf = (entries: TreeEntry[]): number => entries.reduce((sum, entry) => sum + entry.size, 0);
