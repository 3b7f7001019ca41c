/** The commands that judge the house are judged here: each runs in a small house of its own. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { runCommand } from "../scripts/testing/command.ts";
import { ROOT } from "./architecture/tree.ts";

const parent = mkdtempSync(join(tmpdir(), "regent-runners-"));
after(() => rmSync(parent, { recursive: true }));

function build(files: Record<string, string>): string {
  const house = mkdtempSync(join(parent, "house-"));
  for (const path of [
    "scripts/test.ts",
    "scripts/test-long.ts",
    "scripts/testing",
    "bench/main.ts",
    "bench/support",
    "tsconfig.json",
    "biome.json",
    "knip.json",
    "package.json",
    ".gitignore",
  ])
    cpSync(join(ROOT, path), join(house, path), { recursive: true, filter: (source) => !source.includes(".test.") });
  symlinkSync(join(ROOT, "node_modules"), join(house, "node_modules"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), text);
  }
  return house;
}

const runIn = (house: string, ...args: string[]) =>
  runCommand(process.execPath, ["--no-warnings", ...args], { cwd: house });

describe("npm test", { concurrency: true }, () => {
  const passing = 'import { test } from "node:test";\ntest("holds", () => {});\n';
  const failing = 'import { test } from "node:test";\ntest("breaks", () => {\n  throw new Error("broken");\n});\n';

  test("a step that fails does not hide the others, and the runner's closing lines come last", async () => {
    const house = build({
      "server/a.test.ts": passing,
      "server/b.test.ts": failing,
      "server/c.ts": "export const count: number = false;\n",
    });
    const { ok: passed, output } = await runIn(house, "scripts/test.ts");
    equal(passed, false);
    match(output, /✖ types[\s\S]*server\/c\.ts\(1,14\): error TS2322/);
    match(output, /Steps\n\s+types .*FAILED\n\s+lint .*\n\s+unused .*FAILED\n\s+tests \(2 files\) .*FAILED\n/);
    match(output, /ℹ tests 2\nℹ suites 0\nℹ pass 1\nℹ fail 1\n[\s\S]*breaks[\s\S]*broken/);
    ok(output.indexOf("Slowest test files") < output.indexOf("Steps"));
    ok(output.indexOf("Steps") < output.indexOf("ℹ tests 2"));
  });

  test("a pattern runs the steps and files that have it in their name", async () => {
    const house = build({ "server/a.test.ts": passing, "server/b.test.ts": failing });
    const one = await runIn(house, "scripts/test.ts", "server/a");
    equal(one.ok, true, one.output);
    match(one.output, /ℹ tests 1\n/);
    const types = await runIn(house, "scripts/test.ts", "types");
    equal(types.ok, true, types.output);
    equal(types.output.includes("ℹ tests"), false);
    match((await runIn(house, "scripts/test.ts", "absent")).output, /No check and no test file has a name with absent/);
  });

  test("options go to the test runner", async () => {
    const house = build({ "server/b.test.ts": failing });
    const { ok: passed, output } = await runIn(house, "scripts/test.ts", "server/b", "--test-name-pattern=nothing");
    equal(passed, true, output);
  });
});

describe("npm run test:long", { concurrency: true }, () => {
  const counted = (counts: object) => `export const run = async () => [${JSON.stringify(counts)}];\n`;
  const kept = { promise: "P1 lost", trials: 2_000, failures: 0, mutants_killed: 8, mutants: 8 };

  test("a kept promise is one line, and JSON when asked", async () => {
    const house = build({ "tests/long/crash.ts": counted(kept) });
    const { ok: passed, output } = await runIn(house, "scripts/test-long.ts");
    equal(passed, true);
    match(output, /^P1 lost: 2000 trials, 0 failures, 8 of 8 mutants killed · ok$/m);
    const json = await runIn(house, "scripts/test-long.ts", "crash", "--json");
    deepEqual(JSON.parse(/^\[.*\]$/m.exec(json.output)?.[0] ?? ""), [kept]);
  });

  for (const [why, change] of [
    ["a failure", { failures: 1 }],
    ["a mutant that survives", { mutants_killed: 7 }],
    ["no trial at all", { trials: 0 }],
  ] as const) {
    test(`${why} fails`, async () => {
      const house = build({ "tests/long/crash.ts": counted({ ...kept, ...change }) });
      const { ok: passed, output } = await runIn(house, "scripts/test-long.ts");
      equal(passed, false);
      match(output, /NOT KEPT/);
    });
  }

  test("a file that throws does not hide the ones after it", async () => {
    const house = build({
      "tests/long/a.ts": "export const run = async () => {\n  throw new Error('broken');\n};\n",
      "tests/long/b.ts": counted(kept),
    });
    const { ok: passed, output } = await runIn(house, "scripts/test-long.ts");
    equal(passed, false);
    match(output, /^a: 0 trials, 1 failures.*broken.*NOT KEPT$/m);
    match(output, /^P1 lost: .* ok$/m);
  });
});

describe("npm run bench", { concurrency: true }, () => {
  const measured = (reached: boolean) => `export const name = "speed";
export const about = "How fast.";
export const run = async () => [
  { what: "runs", value: 231, unit: "runs/s", peer: { name: "bare", value: 254 }, ratio: 0.91, reach: "≥ 0.80 ×", ok: ${reached} },
];\n`;

  test("without a name the benchmarks are listed", async () => {
    const { ok: passed, output } = await runIn(build({ "bench/speed.ts": measured(true) }), "bench/main.ts");
    deepEqual([passed, output], [true, "speed        How fast.\n"]);
  });

  test("each figure is a line, then the machine's facts; one that is not reached fails", async () => {
    const reached = await runIn(build({ "bench/speed.ts": measured(true) }), "bench/main.ts", "speed");
    equal(reached.ok, true);
    match(
      reached.output,
      /^runs: 231 runs\/s · bare 254 · ratio 0\.910 · reach ≥ 0\.80 × · ok\ncpus \d+ · .* · node \d+/,
    );
    const missed = await runIn(build({ "bench/speed.ts": measured(false) }), "bench/main.ts", "speed", "--json");
    equal(missed.ok, false);
    deepEqual(JSON.parse(missed.output).figures[0].ok, false);
  });

  test("a name that does not exist is refused with those that do", async () => {
    const { ok: passed, output } = await runIn(build({ "bench/speed.ts": measured(true) }), "bench/main.ts", "absent");
    equal(passed, false);
    match(output, /no benchmark absent\. There are: speed\./);
  });
});
