import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { HybridStage, Json, ScriptStage } from "@regent/contract";
import { createFolderBlobs, systemClock } from "#platform";
import { createSandbox } from "#sandbox";
import { createScratch, createWorkspaces } from "#workspaces";
import { createScripts } from "./scripts.ts";
import { testJob } from "./test-job.test-support.ts";

const place = mkdtempSync(join(tmpdir(), "regent-scripts-"));
const sandbox = await createSandbox({ directory: join(place, "sandbox") });
const blobs = await createFolderBlobs({ folder: join(place, "blobs") });
const workspaces = await createWorkspaces({ blobs, clock: systemClock, cachesFolder: join(place, "caches") });
const answers: { asked: unknown[]; next: Json[] } = { asked: [], next: [] };
const scripts = createScripts({
  workspaces,
  sandbox,
  scratch: createScratch(join(place, "scratch")),
  companyId: () => "main",
  agents: {
    missing: () => [],
    async ask(_job, question) {
      answers.asked.push(question);
      const next = answers.next.shift() ?? "nothing";
      return typeof next === "string" ? { text: next } : { text: JSON.stringify(next), value: next };
    },
  },
});
after(async () => {
  await sandbox.close();
  rmSync(place, { recursive: true, force: true });
});

const base = { id: "stage", name: "Stage", needs: [], handler: false, fallback: [], onError: { do: "fail" } } as const;
const scriptStage = (script: string, more: Partial<ScriptStage> = {}): ScriptStage =>
  ({ ...base, evidence: [], network: [], type: "script", script, reads: [], ...more }) as unknown as ScriptStage;
const hybridStage = (script: string, more: Partial<HybridStage> = {}): HybridStage =>
  ({
    ...base, evidence: [], network: [], type: "hybrid", script, reads: [], agent: "balanced", attempts: 1, ...more,
  }) as unknown as HybridStage; // biome-ignore format: short
const { script, hybrid } = scripts.performers;

test("a script starts from the tree before it and ends in a new one", async () => {
  const before = await workspaces.write(workspaces.empty, "notes/a.txt", Buffer.from("one\n"));
  const { job, steps } = testJob(before, { scope: { name: "Ada; rm -rf /" } });
  const performed = await script.perform(
    scriptStage('cat notes/a.txt; echo "$name" > made.txt; rm notes/a.txt', { reads: ["name"] }),
    job,
  );
  equal(performed.output, "one");
  deepEqual(
    (await workspaces.list(performed.tree!)).map((entry) => entry.path),
    ["made.txt", "notes"],
  );
  equal(Buffer.from(await workspaces.read(performed.tree!, "made.txt")).toString(), "Ada; rm -rf /\n");
  deepEqual([steps.length, steps[0]?.kind, steps[0]?.detail?.exit], [1, "script", 0]);
});

test("what a value holds never becomes code, also when a script is careless with quotes", async () => {
  const { job } = testJob(workspaces.empty, { scope: { title: "$(touch pwned) `touch pwned`; touch pwned" } });
  const performed = await script.perform(scriptStage("echo ${title}", { reads: ["title"] }), job);
  equal(performed.tree, workspaces.empty);
});

test("a failed script fails its stage with code and last words, and leaves no files", async () => {
  const { job } = testJob(workspaces.empty);
  await rejects(script.perform(scriptStage("touch half; echo 'no such thing' >&2; exit 3"), job), {
    code: "script_failed",
    message: "The script ended with exit code 3: no such thing",
    detail: { exit: 3, stderr: "no such thing" },
  });
  equal((await readdir(join(place, "scratch"), { recursive: true })).filter((name) => name.includes("half")).length, 0);
});

test("a script that floods, ignores its end or runs on is stopped, with the reason in words", async () => {
  const { job } = testJob(workspaces.empty);
  await rejects(script.perform(scriptStage("trap '' TERM; while :; do :; done", { timeoutMs: 300 }), job), {
    code: "script_stopped",
    message: /ran longer than it may/,
  });
  await rejects(script.perform(scriptStage("yes"), job), { code: "script_stopped", message: /more output/ });
});

test("a cancelled script ends soon", async () => {
  const stop = new AbortController();
  const { job } = testJob(workspaces.empty, { signal: stop.signal });
  const ended = script.perform(scriptStage("echo up; sleep 100"), job);
  const off = scripts.live.onLine(() => stop.abort());
  await rejects(ended, { code: "script_stopped" });
  off();
});

test("inputs are read-only files, and $name says where they are, also from a working directory", async () => {
  const folder = mkdtempSync(join(place, "in-"));
  writeFileSync(join(folder, "a.csv"), "x,1\n");
  writeFileSync(join(folder, "b.csv"), "y,2\n");
  const { tree: all } = await workspaces.addPath(folder);
  const { tree: one } = await workspaces.addPath(join(folder, "a.csv"));
  const files = [
    { name: "sheets", tree: all },
    { name: "sheet", tree: one },
  ];
  const { job } = testJob(workspaces.empty, { files, scope: { sheets: "file_1", sheet: "file_2" } });
  const text = 'cat "$sheets"/b.csv "$sheet"; echo no > "$sheet" || echo refused';
  const { output, tree } = await script.perform(scriptStage(text), job);
  equal(output, "y,2\nx,1\nrefused");
  equal(tree, workspaces.empty);
  const inside = await script.perform(scriptStage(text, { workingDirectory: "deep/app" }), job);
  equal(inside.output, "y,2\nx,1\nrefused");
});

test("output.json in the working directory wins, and the next script does not see it", async () => {
  const { job } = testJob(workspaces.empty);
  const stage = scriptStage(`mkdir -p app; cd app; echo '{"n":1}' > output.json; echo 5`, {});
  equal((await script.perform(stage, job)).output, 5);
  const there = scriptStage(`echo '{"n":1}' > output.json; echo 5`, { workingDirectory: "app" });
  const performed = await script.perform(there, job);
  deepEqual(performed.output, { n: 1 });
  deepEqual(
    (await workspaces.list(performed.tree!)).map((entry) => entry.path),
    ["app"],
  );
});

test("the stage's input arrives on standard input, however large", async () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => ({ index, text: "some text" }));
  const { job } = testJob(workspaces.empty, { input: rows });
  equal((await script.perform(scriptStage("wc -c"), job)).output, JSON.stringify(rows).length);
});

test("another interpreter on line one gets the same names", async () => {
  const { job } = testJob(workspaces.empty, { scope: { rows: [1, 2, 3] } });
  const text = "#!/usr/bin/env node\nconsole.log(JSON.parse(process.env.rows).reduce((a, b) => a + b));";
  equal((await script.perform(scriptStage(text, { reads: ["rows"] }), job)).output, 6);
});

test("a working directory outside the workspace is refused before anything runs", async () => {
  for (const workingDirectory of ["../x", "/etc", "a/../../b", 7]) {
    const { job } = testJob(workspaces.empty);
    await rejects(script.perform(scriptStage("true", { workingDirectory }), job), { code: "invalid_input" });
  }
});

test("links that a script leaves are kept and never followed", async () => {
  const { job } = testJob(workspaces.empty);
  const performed = await script.perform(scriptStage("ln -s /etc/passwd p; ln -s .. up; ln -s loop loop"), job);
  deepEqual(
    (await workspaces.list(performed.tree!)).map((entry) => `${entry.kind} ${entry.target}`),
    ["link loop", "link /etc/passwd", "link .."],
  );
});

test("a healthy hybrid asks nobody when the agent only analyses failures", async () => {
  answers.asked = [];
  const { job } = testJob(workspaces.empty);
  const stage = hybridStage("echo built > out.txt; echo 7", { agentRole: "analyze_failures" });
  const performed = await hybrid.perform(stage, job);
  deepEqual(performed.output, { exit: 0, output: 7, attempts: 1, edits: [] });
  equal((await workspaces.list(performed.tree!)).length, 1);
  equal(answers.asked.length, 0);
});

test("a failing hybrid fails with the analysis", async () => {
  answers.asked = [];
  answers.next = ["The file is missing."];
  const { job } = testJob(workspaces.empty);
  const stage = hybridStage("cat nothing.txt", { agentRole: "analyze_failures" });
  await rejects(hybrid.perform(stage, job), (error: { code: string; detail: Record<string, Json> }) => {
    equal(error.code, "script_failed");
    deepEqual([error.detail.exit, error.detail.analysis], [1, "The file is missing."]);
    return true;
  });
  match(JSON.stringify(answers.asked), /No such file/);
});

test("edits are tried on the tree before the failure, each script and edit a step of its own", async () => {
  answers.next = [
    { analysis: "wrong number", edits: [{ path: "n.txt", content: "41" }] },
    { analysis: "still wrong", edits: [{ path: "n.txt", content: "42" }] },
  ];
  const before = await workspaces.write(workspaces.empty, "n.txt", Buffer.from("1"));
  const { job, steps } = testJob(before);
  const text = 'echo x >> attempts.txt; [ "$(cat n.txt)" = 42 ]';
  const stage = hybridStage(text, { agentRole: "analyze_failures", attempts: 3 });
  const performed = await hybrid.perform(stage, job);
  deepEqual(performed.output, { exit: 0, output: "", attempts: 3, edits: ["n.txt"] });
  equal(Buffer.from(await workspaces.read(performed.tree!, "attempts.txt")).toString(), "x\n");
  deepEqual(
    steps.map((step) => `${step.kind} ${step.name}`),
    ["script stage", "files edits", "script stage", "files edits", "script stage"],
  );
});

test("an edit that leaves the workspace is refused, all edits with it", async () => {
  answers.next = [
    {
      analysis: "let me out",
      edits: [
        { path: "ok.txt", content: "x" },
        { path: "../../etc/cron.d/x", content: "x" },
      ],
    },
  ];
  const { job, steps } = testJob(workspaces.empty);
  const stage = hybridStage("exit 1", { agentRole: "analyze_failures", attempts: 2 });
  await rejects(hybrid.perform(stage, job), (error: { detail: Record<string, Json> }) => {
    match(String(error.detail.refused), /cron/);
    return true;
  });
  deepEqual(steps.at(-1)?.value, {
    tree: workspaces.empty,
    refused: steps.at(-1)?.value && (steps.at(-1)!.value as { refused: string }).refused,
  });
});

test("an agent without the role of analysing is always asked, and its answer is the output", async () => {
  answers.next = ["Two tests fail."];
  const { job } = testJob(workspaces.empty);
  const performed = await hybrid.perform(hybridStage("echo log; exit 2", { agentRole: "reporter" }), job);
  deepEqual(performed.output, { exit: 2, output: null, answer: "Two tests fail." });
  equal(performed.tree, undefined);
});
