import { equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { isProduct } from "./architecture/source.ts";
import { ROOT, readTree } from "./architecture/tree.ts";

/** Programs: they begin to work when they are loaded. */
const PROGRAMS = ["server/main.ts", "cli/bin/regent.mjs", "cli/src/main.ts"];

/** Types are stripped, not compiled: what the checker lets pass may still be refused by Node, or name no export. */
test("every file of the product loads in Node, and loading alone does nothing", () => {
  const files = readTree()
    .filter(isProduct)
    .map(({ path }) => path)
    .filter((path) => !PROGRAMS.includes(path));
  const { status, stderr, stdout } = load(files);
  equal(stdout + stderr, "");
  equal(status, 0);
});

test("a file that does not load is named", () => {
  const { status, stderr } = load(["tests/architecture/planted/decorated.ts", "tests/architecture/planted/linked.ts"]);
  equal(status, 1);
  equal(stderr.match(/decorated\.ts: /g)?.length, 1);
  equal(stderr.match(/linked\.ts: /g)?.length, 1);
});

function load(files: string[]): { status: number | null; stdout: string; stderr: string } {
  const program = `
    for (const file of JSON.parse(process.argv[1])) {
      await import(${JSON.stringify(`${ROOT}/`)} + file).catch((error) => {
        console.error(file + ": " + error);
        process.exitCode = 1;
      });
    }`;
  return spawnSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", program, JSON.stringify(files)], {
    encoding: "utf8",
    timeout: 60_000,
  });
}
