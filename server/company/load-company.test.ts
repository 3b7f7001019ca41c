import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeCompany } from "../../bench/check.ts";
import { loadCompany } from "./index.ts";

async function withFolder<T>(files: Record<string, string>, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "company-"));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const load = (files: Record<string, string>) => withFolder(files, (folder) => loadCompany(folder));

test("a company without any file is a company with the folder's name", async () => {
  const { company, problems } = await load({});
  equal(company?.id, "main");
  equal(company?.currency, "USD");
  equal(problems.length, 0);
});

test("one error anywhere means no company at all", async () => {
  const { company, problems } = await load({ "good.yaml": "stages: [Think (GPT-5)]", "bad.yaml": "stagess: []" });
  equal(company, null);
  equal(problems.filter((problem) => problem.severity === "error").length, 1);
  match(problems[0]!.message, /Nothing in this document says what it is/);
});

/** The figure itself is measured by the benchmark `check`; here the machine also runs other tests. */
test("a company of 1,000 definitions is checked in seconds, and a server answers meanwhile", async (context) => {
  await withFolder({}, async (folder) => {
    writeCompany(folder);
    let longest = 0;
    let before = performance.now();
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - before);
      before = performance.now();
    }, 5);
    const started = performance.now();
    const cpu = process.cpuUsage();
    const { company } = await loadCompany(folder);
    const { user, system } = process.cpuUsage(cpu);
    clearInterval(beat);
    equal(company?.daemons.size, 800);
    ok(
      (user + system) / 1_000 < 10_000,
      `${(user + system) / 1_000} ms of CPU, ${performance.now() - started} ms in all, ${longest} ms without an answer`,
    );
    context.diagnostic(
      `${Math.round((user + system) / 1_000)} ms of CPU, ${Math.round(performance.now() - started)} ms in all, at most ${Math.round(longest)} ms without an answer`,
    );
  });
});

/** A limit that nobody keeps must not look like one. */
test("a limit that is read and not kept yet is a warning at its place", async () => {
  const text =
    "daemon:\n  name: D\n  on_budget: wait\n  stages:\n    - { name: A, type: script, script: ls, budget: { per_run: $1 } }\n";
  const { problems } = await withFolder({ "a.yaml": text }, (folder) => loadCompany(folder));
  deepEqual(
    problems.map(({ line, severity, message }) => [line, severity, message]),
    [
      [3, "warning", "Read, but not used yet: on_budget."],
      [5, "warning", "Read, but not used yet: budget."],
    ],
  );
});
