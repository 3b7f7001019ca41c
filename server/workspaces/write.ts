import { fail } from "@regent/contract";
import type { Blobs } from "#platform";
import { type PathLimits, parentsOf, show, toTreePath } from "./path.ts";
import type { Trees } from "./tree.ts";
import type { TreeDigest, WorkspaceLimits } from "./workspaces.ts";

const ANY_PATH: PathLimits = { depth: Number.POSITIVE_INFINITY, pathBytes: Number.POSITIVE_INFINITY };

export async function readFrom(
  deps: { blobs: Blobs; trees: Trees },
  tree: TreeDigest,
  path: string,
): Promise<Uint8Array> {
  const wanted = toTreePath(path, ANY_PATH);
  const entry = (await deps.trees.load(tree)).find((each) => each.path === wanted);
  if (!entry) throw fail("not_found", { what: `file ${show(wanted)} in the workspace` });
  // A link's target may be anywhere; following it is the script's business inside the sandbox, never ours.
  if (entry.kind !== "file") throw fail("not_found", { what: `file ${show(wanted)}: it is a ${entry.kind}` });
  return deps.blobs.get(entry.digest!);
}

export async function writeTo(
  deps: { blobs: Blobs; trees: Trees; limits: WorkspaceLimits },
  tree: TreeDigest,
  path: string,
  bytes: Uint8Array,
  options: { executable?: boolean } = {},
): Promise<TreeDigest> {
  const wanted = toTreePath(path, deps.limits);
  const entries = new Map((await deps.trees.load(tree)).map((entry) => [entry.path, entry]));
  const here = entries.get(wanted);
  if (here && here.kind !== "file") throw blocked(wanted, wanted, here.kind);
  for (const parent of parentsOf(wanted)) {
    const found = entries.get(parent);
    if (found && found.kind !== "folder") throw blocked(wanted, parent, found.kind);
    if (!found) entries.set(parent, { path: parent, kind: "folder", executable: false, size: 0 });
  }
  const total = [...entries.values()].reduce((sum, entry) => sum + entry.size, bytes.length) - (here?.size ?? 0);
  if (total > deps.limits.bytes) throw fail("workspace_too_large", { limit: `${deps.limits.bytes} bytes` });
  if (entries.size + (here ? 0 : 1) > deps.limits.entries)
    throw fail("workspace_too_large", { limit: `${deps.limits.entries} files` });
  const digest = await deps.blobs.put(bytes);
  const executable = options.executable ?? here?.executable ?? false;
  entries.set(wanted, { path: wanted, kind: "file", executable, size: bytes.length, digest });
  return deps.trees.save(entries.values());
}

export async function removeFrom(deps: { trees: Trees }, tree: TreeDigest, path: string): Promise<TreeDigest> {
  const wanted = toTreePath(path, ANY_PATH);
  const entries = await deps.trees.load(tree);
  const kept = entries.filter((entry) => entry.path !== wanted && !entry.path.startsWith(`${wanted}/`));
  if (kept.length === entries.length) throw fail("not_found", { what: `file ${show(wanted)} in the workspace` });
  return deps.trees.save(kept);
}

const blocked = (path: string, at: string, kind: string) =>
  fail("invalid_input", {
    errors: [{ pointer: "/path", message: `${show(path)} cannot be written: ${show(at)} is a ${kind}` }],
  });
