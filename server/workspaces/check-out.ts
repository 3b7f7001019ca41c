import { lchownSync, lstatSync, mkdirSync, symlinkSync } from "node:fs";
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
  const folders = entries.filter((entry) => entry.kind === "folder").map((entry) => join(directory, entry.path));
  await each(folders, 1, (path) => void mkdirSync(path, { mode: 0o755 }));
  await each(
    entries.filter((entry) => entry.kind !== "folder"),
    AT_A_TIME,
    (entry) => make(deps, directory, entry, owner),
  );
  await deps.caches.restore(directory, entries, options);
  if (owner === undefined) return;
  await each([...folders, directory], 1, (path) => lchownSync(path, owner, owner));
}

async function make(
  deps: { blobs: Blobs; known: Fingerprints },
  directory: string,
  entry: TreeEntry,
  owner: number | undefined,
): Promise<void> {
  const path = join(directory, entry.path);
  if (entry.kind === "link") symlinkSync(entry.target!, path);
  else await deps.blobs.copyTo(entry.digest!, path, entry.executable ? 0o755 : 0o644);
  if (owner !== undefined) lchownSync(path, owner, owner);
  if (entry.kind === "file")
    deps.known.remember(directory, entry.path, lstatSync(path, { bigint: true }), entry.digest!);
}
