import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { SETTINGS } from "../server/platform/settings.ts";
import { assertKept, assertPlantedReported } from "./architecture/assert-rule.ts";
import type { Rule } from "./architecture/source.ts";
import { readTree } from "./architecture/tree.ts";
import { commands } from "./docs/commands.ts";
import { errorsIn, examplesOf } from "./docs/examples.ts";
import { drawnTree, links, paths } from "./docs/paths.ts";
import { settingsTable } from "./docs/settings.ts";

const RULES: Rule[] = [links, paths, drawnTree, commands, settingsTable(Object.values(SETTINGS))];
const tree = readTree();

describe("the texts are true", () => {
  for (const rule of RULES) test(rule.name, () => assertKept(rule, tree));
});

test("the rules see the texts", () => {
  for (const path of ["README.md", "ARCHITECTURE.md", "decisions/0001-dbos-with-lanes.md"])
    ok(
      tree.some((file) => file.path === path),
      path,
    );
});

describe("each rule reports its planted violations and nothing beside them", () => {
  for (const rule of RULES) test(rule.name, () => assertPlantedReported(rule));
});

describe("the examples in the texts load", () => {
  for (const example of examplesOf(tree))
    test(example.place, async () => {
      deepEqual(await errorsIn(example), []);
    });
});

test("an example that does not load is reported", async () => {
  const text = "# A\n```yaml example\ndaemon:\n  name: A\n  stages:\n    - { name: B, scirpt: echo }\n```\n";
  const [example] = examplesOf([{ path: "docs/a.md", text }]);
  equal(example?.place, "docs/a.md:3");
  const errors = await errorsIn(example as NonNullable<typeof example>);
  ok(errors.some((error) => error.startsWith("docs/a.md:3 line 4: ") && error.includes("scirpt")));
});
