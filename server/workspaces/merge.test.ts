import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { createFolderBlobs, systemClock } from "#platform";
import { temporaryFolder } from "#testing";
import { createWorkspaces } from "./workspaces.ts";

const blobs = await createFolderBlobs({ folder: await temporaryFolder() });
const workspaces = await createWorkspaces({ blobs, clock: systemClock });

async function treeOf(files: Record<string, string>, base = workspaces.empty) {
  let tree = base;
  for (const [path, content] of Object.entries(files)) tree = await workspaces.write(tree, path, Buffer.from(content));
  return tree;
}
const filesOf = async (tree: typeof workspaces.empty) => {
  const files: Record<string, string> = {};
  for (const entry of await workspaces.list(tree))
    if (entry.kind === "file") files[entry.path] = Buffer.from(await workspaces.read(tree, entry.path)).toString();
  return files;
};

const base = await treeOf({ same: "0", "dir/a": "0", "dir/b": "0", gone: "0" });
const merge = (...trees: (typeof base)[]) =>
  workspaces.merge(
    base,
    trees.map((tree, index) => ({ name: `branch ${index}`, tree })),
  );

test("branches that changed different paths are joined, removals too", async () => {
  const a = await workspaces.remove(await treeOf({ "dir/a": "A", new: "A" }, base), "gone");
  const b = await treeOf({ "dir/b": "B", "deep/er/b": "B" }, base);
  deepEqual(await filesOf(await merge(a, b)), {
    "deep/er/b": "B",
    "dir/a": "A",
    "dir/b": "B",
    new: "A",
    same: "0",
  });
  equal(await merge(a, b), await merge(b, a));
});

test("no branch, one branch, unchanged branches", async () => {
  equal(await merge(), base);
  equal(await merge(base, base), base);
  const a = await treeOf({ x: "A" }, base);
  equal(await merge(base, a, base), a);
});

test("the same change twice is one change", async () => {
  const a = await treeOf({ "dir/a": "A", "made/x": "1" }, base);
  const b = await treeOf({ "dir/a": "A", "made/y": "2" }, base);
  deepEqual(await filesOf(await merge(a, b)), {
    "dir/a": "A",
    "dir/b": "0",
    gone: "0",
    "made/x": "1",
    "made/y": "2",
    same: "0",
  });
  const removed = await workspaces.remove(base, "gone");
  equal(await merge(removed, removed), removed);
});

test("a conflict names the path and the branches", async () => {
  const cases: [string, () => Promise<(typeof base)[]>][] = [
    ["dir/a", async () => [await treeOf({ "dir/a": "A" }, base), await treeOf({ "dir/a": "B" }, base)]],
    ["new", async () => [await treeOf({ new: "A" }, base), await treeOf({ new: "B" }, base)]],
    ["gone", async () => [await workspaces.remove(base, "gone"), await treeOf({ gone: "B" }, base)]],
    ["gone", async () => [await treeOf({ gone: "B" }, base), await workspaces.remove(base, "gone")]],
    ["x", async () => [await treeOf({ x: "file" }, base), await treeOf({ "x/y": "B" }, base)]],
    ["x", async () => [await treeOf({ "x/y": "B" }, base), await treeOf({ x: "file" }, base)]],
    ["dir/c", async () => [await workspaces.remove(base, "dir"), await treeOf({ "dir/c": "B" }, base)]],
    ["dir/c", async () => [await treeOf({ "dir/c": "B" }, base), await workspaces.remove(base, "dir")]],
    ["dir/b", async () => [await workspaces.remove(base, "dir"), await treeOf({ "dir/b": "B" }, base)]],
  ];
  for (const [path, branches] of cases)
    await rejects(
      branches().then((trees) => merge(...trees)),
      (error: { code: string; detail: { path: string; branches: string[] } }) => {
        equal(error.code, "conflicting_files");
        deepEqual([error.detail.path, error.detail.branches], [path, ["branch 0", "branch 1"]]);
        return true;
      },
      path,
    );
});

test("a mode is a change: executable here, other text there", async () => {
  const a = await workspaces.write(base, "same", Buffer.from("0"), { executable: true });
  const b = await treeOf({ same: "B" }, base);
  await rejects(merge(a, b), { code: "conflicting_files" });
});
