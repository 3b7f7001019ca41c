import { lchown, lstat, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Blobs } from "#platform";
import type { Caches } from "./caches.ts";
import { each } from "./each.ts";
import type { Fingerprints } from "./fingerprints.ts";
import type { Trees } from "./tree.ts";
import type { CacheOptions, TreeDigest, TreeEntry } from "./workspaces.ts";

// More than the four threads that Node has for files gains nothing; a few more hide their latency.
const AT_A_TIME = 8;

export async function checkOut(
  deps: { blobs: Blobs; trees: Trees; caches: Caches; known: Fingerprints },
  tree: TreeDigest,
  directory: string,
  options: CacheOptions & { owner?: number },
): Promise<void> {
  const entries = await deps.trees.load(tree);
  // Only root can give files away; anybody else runs scripts under their own uid.
  const owner = process.getuid?.() === 0 ? options.owner : undefined;
  // Entries are ordered by path, so a folder is made before what is in it.
  for (const entry of entries) if (entry.kind === "folder") await mkdir(join(directory, entry.path), { mode: 0o755 });
  await each(
    entries.filter((entry) => entry.kind !== "folder"),
    AT_A_TIME,
    (entry) => make(deps, directory, entry, owner),
  );
  await deps.caches.restore(directory, entries, options);
  if (owner === undefined) return;
  for (const entry of entries) if (entry.kind === "folder") await lchown(join(directory, entry.path), owner, owner);
  await lchown(directory, owner, owner);
}

async function make(
  deps: { blobs: Blobs; known: Fingerprints },
  directory: string,
  entry: TreeEntry,
  owner: number | undefined,
): Promise<void> {
  const path = join(directory, entry.path);
  if (entry.kind === "link") await symlink(entry.target!, path);
  else await deps.blobs.copyTo(entry.digest!, path, entry.executable ? 0o755 : 0o644);
  if (owner !== undefined) await lchown(path, owner, owner);
  if (entry.kind === "file")
    deps.known.remember(directory, entry.path, await lstat(path, { bigint: true }), entry.digest!);
}
