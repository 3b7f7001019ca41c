import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
} from "node:fs";
import { join } from "node:path";
import { fail } from "@regent/contract";
import type { Blobs, Digest } from "#platform";
import type { Caches } from "./caches.ts";
import { each } from "./each.ts";
import type { Fingerprints } from "./fingerprints.ts";
import { show } from "./path.ts";
import type { Trees } from "./tree.ts";
import { walk } from "./walk.ts";
import type { CheckInOptions, TreeDigest, TreeEntry, WorkspaceLimits } from "./workspaces.ts";

const AT_A_TIME = 8;
/** Larger files are not read into memory. */
const WHOLE_BYTES = 256 * 1024;

export async function checkIn(
  deps: { blobs: Blobs; trees: Trees; caches: Caches; known: Fingerprints; limits: WorkspaceLimits },
  directory: string,
  options: CheckInOptions,
): Promise<TreeDigest> {
  const { entries, caches } = await walk(directory, deps.limits, options);
  await storeFiles(deps.blobs, directory, entries, deps.known.take(directory));
  const tree = await deps.trees.save(entries);
  await deps.caches.keep(directory, entries, caches, options);
  return tree;
}

/** Fills in the digests; `known` spares the reading of files that have not changed. */
export async function storeFiles(
  blobs: Blobs,
  directory: string,
  entries: TreeEntry[],
  known: (path: string, stats: BigIntStats) => Digest | undefined,
): Promise<void> {
  await each(entries, AT_A_TIME, async (entry) => {
    if (entry.kind !== "file") return;
    const path = join(directory, entry.path);
    entry.digest = known(entry.path, lstatSync(path, { bigint: true })) ?? (await storeFile(blobs, path, entry));
  });
}

/** Opened without following a link and only if it is still a plain file; then read or copied from that descriptor. */
export async function storeFile(blobs: Blobs, path: string, entry: TreeEntry): Promise<Digest> {
  const file = openAnyway(path);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw fail("file_refused", { path: show(entry.path), reason: "it changed while it was read" });
    if (stats.size <= WHOLE_BYTES) {
      const bytes = readFileSync(file);
      entry.size = bytes.length;
      return await blobs.put(bytes);
    }
    const stored = await blobs.putFile(process.platform === "linux" ? `/proc/self/fd/${file}` : path);
    entry.size = stored.size;
    return stored.digest;
  } finally {
    closeSync(file);
  }
}

/** A script may take its own rights away (`chmod 000`); without root we first give them back. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
function openAnyway(path: string): number {
  try {
    return openSync(path, FLAGS);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    chmodSync(path, 0o600);
    return openSync(path, FLAGS);
  }
}
