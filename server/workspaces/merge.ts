import { fail } from "@regent/contract";
import { parentsOf } from "./path.ts";
import { byPath, type Trees } from "./tree.ts";
import type { TreeDigest, TreeEntry } from "./workspaces.ts";

/** Null: the branch removed the path. */
type Change = { path: string; after: TreeEntry | null; branch: string };

/**
 * Three-way, by path. The same change in two branches is one change; anything else that two branches did to one path
 * is a conflict, also a removal here and a change there, a file here and a folder there.
 */
export async function mergeTrees(
  trees: Trees,
  base: TreeDigest,
  branches: { name: string; tree: TreeDigest }[],
): Promise<TreeDigest> {
  const changed = branches.filter((branch) => branch.tree !== base);
  if (changed.length === 0) return base;
  if (changed.length === 1) return changed[0]!.tree;

  const before = byPathMap(await trees.load(base));
  const merged = new Map(before);
  const made = new Map<string, Change>();
  for (const branch of changed) {
    for (const change of changesOf(before, byPathMap(await trees.load(branch.tree)), branch.name)) {
      const earlier = made.get(change.path);
      if (earlier && !isSame(earlier.after, change.after)) throw conflict(change.path, earlier, change);
      if (!earlier) made.set(change.path, change);
      if (change.after) merged.set(change.path, change.after);
      else merged.delete(change.path);
    }
  }
  for (const path of merged.keys()) checkParents(path, merged, made, before);
  return trees.save(merged.values());
}

function changesOf(before: Map<string, TreeEntry>, after: Map<string, TreeEntry>, branch: string): Change[] {
  const changes: Change[] = [];
  for (const [path, entry] of after)
    if (!isSame(before.get(path) ?? null, entry)) changes.push({ path, after: entry, branch });
  for (const path of before.keys()) if (!after.has(path)) changes.push({ path, after: null, branch });
  return changes.sort(byPath);
}

/** Something written below a folder that another branch removed, or turned into a file. */
function checkParents(
  path: string,
  merged: Map<string, TreeEntry>,
  made: Map<string, Change>,
  before: Map<string, TreeEntry>,
): void {
  for (const parent of parentsOf(path)) {
    if (merged.get(parent)?.kind === "folder") continue;
    const above = made.get(parent);
    const below = made.get(path) ?? made.get(parent);
    // A tree always holds the folders of its files, so one of the two branches took this one away.
    if (above && below) throw conflict(before.has(path) ? parent : path, above, below);
  }
}

const byPathMap = (entries: TreeEntry[]) => new Map(entries.map((entry) => [entry.path, entry]));

const isSame = (a: TreeEntry | null, b: TreeEntry | null): boolean =>
  a === null || b === null
    ? a === b
    : a.kind === b.kind && a.digest === b.digest && a.target === b.target && a.executable === b.executable;

const conflict = (path: string, a: Change, b: Change) =>
  fail("conflicting_files", { path, branches: [a.branch, b.branch].sort() });
