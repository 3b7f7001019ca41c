import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { createFolderBlobs, systemClock } from "#platform";
import { temporaryFolder } from "#testing";
import { createWorkspaces } from "#workspaces";
import { builtInTools } from "./built-in.ts";
import type { ToolCall } from "./tool.ts";

const blobs = await createFolderBlobs({ folder: await temporaryFolder() });
const workspaces = await createWorkspaces({ blobs, clock: systemClock });
const tools = builtInTools({ workspaces, resolve: async () => [] });

const input = await workspaces.write(workspaces.empty, "mail/1.txt", Buffer.from("Refund please\n"));
const tree = await workspaces.write(workspaces.empty, "notes/a.md", Buffer.from("# A\nrefund twice\n"));
const call = (at = tree): ToolCall => ({
  tree: at,
  inputs: [{ name: "box", tree: input }],
  network: [],
  signal: new AbortController().signal,
});
const use = (name: string, given: unknown, at = tree) => {
  const tool = tools.get(name)!;
  return tool.call(tool.input.parse(given), call(at));
};

test("what is written can be read, listed, searched and removed; each write is a new workspace", async () => {
  const written = await use("files.write", { path: "out/report.json", content: { ok: true } });
  equal((await use("files.read", { path: "out/report.json" }, written.tree)).output, '{\n  "ok": true\n}\n');
  deepEqual((await use("files.list", { folder: "out" }, written.tree)).output, [{ path: "out/report.json", size: 17 }]);
  deepEqual((await use("files.list", {})).output, [{ path: "notes/a.md", size: 17 }]);
  const removed = await use("files.remove", { path: "out" }, written.tree);
  deepEqual((await use("files.list", {}, removed.tree)).output, [{ path: "notes/a.md", size: 17 }]);
});

test("inputs are read under inputs/… and never written", async () => {
  equal((await use("files.read", { path: "inputs/box/mail/1.txt" })).output, "Refund please\n");
  deepEqual((await use("files.list", { folder: "inputs/box" })).output, [{ path: "inputs/box/mail/1.txt", size: 14 }]);
  await rejects(use("files.write", { path: "inputs/box/x", content: "" }), { code: "invalid_input" });
  await rejects(use("files.remove", { path: "./inputs//box/mail" }), { code: "invalid_input" });
});

test("a search finds plain text with its line", async () => {
  deepEqual((await use("files.search", { text: "REFUND", ignore_case: true })).output, [
    { path: "notes/a.md", line: 2, text: "refund twice" },
  ]);
  deepEqual((await use("files.search", { text: "r.fund" })).output, []);
  deepEqual((await use("files.search", { text: "Refund", folder: "inputs/box" })).output, [
    { path: "inputs/box/mail/1.txt", line: 1, text: "Refund please" },
  ]);
});

test("paths that leave the workspace, binaries and unknown arguments are refused", async () => {
  for (const path of ["../x", "/etc/passwd", "inputs/box/../../x", "notes/a.md/b"])
    await rejects(use("files.write", { path, content: "" }), path);
  const binary = await workspaces.write(tree, "b", Buffer.from([0, 1]));
  await rejects(use("files.read", { path: "b" }, binary), { code: "tool_failed", message: /not a text/ });
  await rejects(use("files.read", { path: "none" }), { code: "not_found" });
  equal(tools.get("files.read")!.input.safeParse({ path: "a", mode: 7 }).success, false);
});
