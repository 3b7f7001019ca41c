/**
 * The foreign checks of `npm test` (types, lint, unused code) see what they are there for: each runs with the house's
 * own configuration on a small house of its own, once clean and once for each planted violation.
 */
import { equal, match } from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { runCommand } from "../scripts/testing/command.ts";
import { ROOT } from "./architecture/tree.ts";

const CLEAN: Record<string, string> = {
  "server/main.ts": 'import { add } from "./add.ts";\n\nconsole.log(add(1, 2));\n',
  "server/add.ts": "export const add = (a: number, b: number): number => a + b;\n",
  "package.json": `{
  "name": "small",
  "private": true,
  "type": "module",
  "scripts": {
    "start": "node server/main.ts"
  },
  "dependencies": {}
}
`,
};

/** What is added to the clean house, and what the check must say of it. */
interface Plant {
  name: string;
  files: Record<string, string>;
  says: RegExp;
}

const CHECKS: { name: string; command: string; args: string[]; config: string; plants: Plant[] }[] = [
  {
    name: "types",
    command: "tsc",
    args: ["--noEmit", "--pretty", "false"],
    config: "tsconfig.json",
    plants: [
      {
        name: "a wrong type",
        files: { "server/plant.ts": 'export const count: number = "one";\n' },
        says: /server\/plant\.ts\(1,14\): error TS2322/,
      },
      {
        name: "an index that may be undefined",
        files: { "server/plant.ts": "export const first = (list: number[]): number => list[0];\n" },
        says: /server\/plant\.ts\(1,\d+\): error TS2322/,
      },
      {
        name: "syntax that Node cannot strip",
        files: { "server/plant.ts": "export enum State {\n  Open,\n}\n" },
        says: /server\/plant\.ts\(1,\d+\): error TS1294/,
      },
      {
        name: "a type imported as a value",
        files: {
          "server/plant.ts": "export type Count = number;\n",
          "server/use.ts": 'import { Count } from "./plant.ts";\n\nexport const one: Count = 1;\n',
        },
        says: /server\/use\.ts\(1,10\): error TS1484/,
      },
    ],
  },
  {
    name: "lint",
    command: "biome",
    args: ["check", ".", "--error-on-warnings", "--vcs-enabled=false", "--colors=off"],
    config: "biome.json",
    plants: [
      {
        name: "an import that nothing uses",
        files: { "server/plant.ts": 'import { join } from "node:path";\n\nexport const a = 1;\n' },
        says: /server\/plant\.ts:1:.*noUnusedImports/,
      },
      {
        name: "code made from text",
        files: { "server/plant.ts": 'export const a = eval("1");\n' },
        says: /server\/plant\.ts:1:.*noGlobalEval/,
      },
      {
        name: "a test that runs alone",
        files: { "server/plant.test.ts": 'import { test } from "node:test";\n\ntest.only("a", () => {});\n' },
        says: /server\/plant\.test\.ts:3:.*noFocusedTests/,
      },
      {
        name: "a file that is not formatted",
        files: { "server/plant.ts": "export const a   =   1\n" },
        says: /server\/plant\.ts format/,
      },
    ],
  },
  {
    name: "unused",
    command: "knip",
    args: ["--no-progress"],
    config: "knip.json",
    plants: [
      {
        name: "a file that nothing imports",
        files: { "server/plant.ts": "export const a = 1;\n" },
        says: /Unused files \(1\)\nserver\/plant\.ts/,
      },
      {
        name: "an export that nothing imports",
        files: { "server/add.ts": `${CLEAN["server/add.ts"]}export const take = (a: number): number => -a;\n` },
        says: /Unused exports \(1\)\ntake/,
      },
      {
        name: "a package that nothing imports",
        files: { "package.json": (CLEAN["package.json"] as string).replace("{}", '{ "zod": "4.6.7" }') },
        says: /Unused dependencies \(1\)\nzod/,
      },
      {
        name: "a package that package.json does not list",
        files: { "server/main.ts": `import "zod";\n${CLEAN["server/main.ts"]}` },
        says: /Unlisted dependencies \(1\)\nzod/,
      },
    ],
  },
];

for (const { name, command, args, config, plants } of CHECKS) {
  const check = async (planted: Record<string, string>) => {
    const house = build({ ...CLEAN, ...planted }, config);
    try {
      return await runCommand(command, args, { cwd: house });
    } finally {
      rmSync(house, { recursive: true });
    }
  };
  describe(name, { concurrency: true }, () => {
    test("a clean house passes", async () => {
      const { ok, output } = await check({});
      equal(ok, true, output);
    });
    for (const plant of plants) {
      test(`${plant.name} is reported`, async () => {
        const { ok, output } = await check(plant.files);
        match(output, plant.says);
        equal(ok, false);
      });
    }
  });
}

function build(files: Record<string, string>, config: string): string {
  const house = mkdtempSync(join(tmpdir(), "regent-house-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), text);
  }
  copyFileSync(join(ROOT, config), join(house, config));
  symlinkSync(join(ROOT, "node_modules"), join(house, "node_modules"));
  return house;
}
