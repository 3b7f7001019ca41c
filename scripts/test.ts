/**
 * `npm test`: types, lint, dead code, then every test file under Node's own runner. A step that fails does not hide
 * the others. `npm test -- PATTERN…` runs the steps and files whose name contains a pattern; arguments that begin with
 * `-` go to the test runner. The runner's closing lines come last.
 */
import { availableParallelism } from "node:os";
import { runCommand } from "./testing/command.ts";
import { runTestFiles } from "./testing/node-tests.ts";
import { findTestFiles } from "./testing/test-files.ts";

interface Step {
  name: string;
  ok: boolean;
  durationMs: number;
}

const CHECKS = [
  { name: "types", command: "tsc", args: ["--noEmit"] },
  { name: "lint", command: "biome", args: ["check", ".", "--error-on-warnings", "--diagnostic-level=warn"] },
  { name: "unused", command: "knip", args: [] },
];

const patterns = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const runnerOptions = process.argv.slice(2).filter((argument) => argument.startsWith("-"));
const isWanted = (name: string) => patterns.length === 0 || patterns.some((pattern) => name.includes(pattern));

const checks = CHECKS.filter(({ name }) => isWanted(name));
const files = findTestFiles().filter(isWanted);
if (checks.length + files.length === 0) {
  console.error(`No check and no test file has a name with ${patterns.join(" or ")} in it.`);
  process.exit(2);
}

const steps = await Promise.all(checks.map(runCheck));
let closing = "";
if (files.length > 0) {
  const tests = await runTestFiles(files, { concurrency: Math.max(2, availableParallelism()), options: runnerOptions });
  steps.push({ name: `tests (${files.length} files)`, ok: tests.ok, durationMs: tests.durationMs });
  closing = tests.closing;
  print(
    "Slowest test files",
    tests.slowest.map(({ file, durationMs }) => [file, seconds(durationMs)]),
  );
}
print(
  "Steps",
  steps.map(({ name, ok, durationMs }) => [name, seconds(durationMs), ok ? "ok" : "FAILED"]),
);
process.stdout.write(closing);
process.exitCode = steps.every(({ ok }) => ok) ? 0 : 1;

async function runCheck({ name, command, args }: (typeof CHECKS)[number]): Promise<Step> {
  const { ok, output, durationMs } = await runCommand(command, args);
  console.log(`${ok ? "✔" : "✖"} ${name} (${seconds(durationMs)})`);
  if (!ok) console.log(output.trimEnd());
  return { name, ok, durationMs };
}

function print(title: string, rows: string[][]): void {
  console.log(`\n${title}`);
  const width = Math.max(0, ...rows.map(([name]) => name?.length ?? 0));
  for (const [name = "", ...rest] of rows) console.log(`  ${name.padEnd(width)}  ${rest.join("  ")}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(6)} s`;
}
