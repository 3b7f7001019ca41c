/** Runs test files under `node --test` and lets its output through, except the closing lines: the caller prints those. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";

export interface TestRun {
  ok: boolean;
  durationMs: number;
  /** Node's counts and the list of failures. */
  closing: string;
  /** The ten slowest files, slowest first. */
  slowest: { file: string; durationMs: number }[];
}

/** A test file that takes longer hangs. */
const TEST_TIMEOUT_MS = 600_000;
const GLOBAL_SETUP = "./tests/support/global-setup.ts";

export async function runTestFiles(
  files: string[],
  { concurrency, options }: { concurrency: number; options: string[] },
): Promise<TestRun> {
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "regent-tests-"));
  const durations = join(folder, "durations.jsonl");
  try {
    const args = [
      "--test",
      "--disable-warning=ExperimentalWarning",
      ...(existsSync(GLOBAL_SETUP) ? [`--test-global-setup=${GLOBAL_SETUP}`] : []),
      `--test-concurrency=${concurrency}`,
      `--test-timeout=${TEST_TIMEOUT_MS}`,
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      "--test-reporter=./scripts/testing/durations-reporter.ts",
      `--test-reporter-destination=${durations}`,
      ...options,
      ...files,
    ];
    const { ok, closing } = await runNode(args);
    return { ok, closing, durationMs: performance.now() - startedAt, slowest: slowestOf(durations) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runNode(args: string[]): Promise<{ ok: boolean; closing: string }> {
  // A test of this runner starts it inside a test: the runner below must not take itself for a part of that one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...env, NODE_COMPILE_CACHE: resolve("node_modules/.cache/node") },
  });
  const ended = new Promise<boolean>((resolve) => {
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
  const closing: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (closing.length > 0 || /^ℹ tests \d+/.test(stripVTControlCharacters(line))) closing.push(line);
    else console.log(line);
  }
  return { ok: await ended, closing: `\n${closing.join("\n")}\n` };
}

function slowestOf(durations: string): TestRun["slowest"] {
  if (!existsSync(durations)) return [];
  const lines = readFileSync(durations, "utf8").split("\n").filter(Boolean);
  const files = lines.map((line) => JSON.parse(line) as { file: string; durationMs: number });
  return files.sort((a, b) => b.durationMs - a.durationMs).slice(0, 10);
}
