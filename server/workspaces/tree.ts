import { fail } from "@regent/contract";
import type { Blobs, Digest } from "#platform";
import type { TreeDigest, TreeEntry } from "./workspaces.ts";

/** Trees as blobs: one line of JSON an entry, keys in one order, entries by path. Equal trees have equal digests. */
export interface Trees {
  load(tree: TreeDigest): Promise<TreeEntry[]>;
  save(entries: Iterable<TreeEntry>): Promise<TreeDigest>;
}

const HEAD = '{"regent":"tree","version":1}\n';
// Runs read the same few trees again and again (stage after stage, branch after branch).
const RECENT = 32;
const RECENT_ENTRIES = 5_000;

export function createTrees(blobs: Blobs): Trees {
  const recent = new Map<TreeDigest, TreeEntry[]>();
  const remember = (tree: TreeDigest, entries: TreeEntry[]) => {
    if (entries.length > RECENT_ENTRIES) return;
    recent.delete(tree);
    recent.set(tree, entries);
    if (recent.size > RECENT) recent.delete(recent.keys().next().value!);
  };
  return {
    async load(tree) {
      const found = recent.get(tree);
      if (found) return [...found];
      const entries = parseTree(Buffer.from(await blobs.get(tree)).toString("utf8"));
      remember(tree, entries);
      return [...entries];
    },
    async save(entries) {
      const sorted = [...entries].sort(byPath);
      const tree = await blobs.put(Buffer.from(formatTree(sorted)));
      remember(tree, sorted);
      return tree;
    },
  };
}

export const byPath = (a: { path: string }, b: { path: string }): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0;

const formatTree = (entries: TreeEntry[]): string => HEAD + entries.map((entry) => `${formatEntry(entry)}\n`).join("");

const formatEntry = (entry: TreeEntry): string =>
  entry.kind === "folder"
    ? JSON.stringify({ kind: "folder", path: entry.path })
    : entry.kind === "link"
      ? JSON.stringify({ kind: "link", path: entry.path, target: entry.target })
      : JSON.stringify({
          kind: "file",
          path: entry.path,
          digest: entry.digest,
          size: entry.size,
          ...(entry.executable ? { executable: true } : {}),
        });

/** Digests in a blob: those of files when it is a tree, else whatever looks like one. */
export function digestsOf(content: string): { files: Digest[]; others: Digest[] } {
  const found = (content.match(/sha256:[0-9a-f]{64}/g) ?? []) as Digest[];
  return content.startsWith(HEAD) ? { files: found, others: [] } : { files: [], others: found };
}

function parseTree(text: string): TreeEntry[] {
  if (!text.startsWith(HEAD)) throw fail("not_found", { what: "tree with that digest" });
  return text
    .slice(HEAD.length)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ executable: false, size: 0, ...JSON.parse(line) }) as TreeEntry);
}
