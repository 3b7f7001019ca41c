import type { Blobs, Digest } from "#platform";
import { isDigest } from "#platform";
import { digestsOf } from "./tree.ts";

/** Larger blobs hold files, not lists of digests. */
const LIST_BYTES = 64_000_000;

/**
 * All digests that can be reached from those given: files of trees, and trees named inside results that are so large
 * that they are blobs themselves. Files are not looked into.
 */
export async function reach(blobs: Blobs, from: Iterable<Digest>): Promise<Set<Digest>> {
  const live = new Set<Digest>();
  const open = [...from];
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (live.has(digest) || !isDigest(digest)) continue;
    live.add(digest);
    const bytes = await blobs.get(digest).catch(() => undefined);
    if (!bytes || bytes.length > LIST_BYTES) continue;
    const { files, others } = digestsOf(Buffer.from(bytes).toString("latin1"));
    for (const file of files) live.add(file);
    open.push(...others);
  }
  return live;
}
