import { ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { arrows } from "./architecture/arrows.ts";
import { assertKept, assertPlantedReported } from "./architecture/assert-rule.ts";
import { doors } from "./architecture/doors.ts";
import { erasableSyntax } from "./architecture/language.ts";
import { fileNames, glossaryWords, sayingNames } from "./architecture/names.ts";
import {
  environmentPlaces,
  noRuntimeCode,
  sqlPlaces,
  statusPlaces,
  tableOwners,
  timeAndChancePlaces,
} from "./architecture/places.ts";
import type { Rule } from "./architecture/source.ts";
import { assertingTests, runningTests } from "./architecture/tests.ts";
import { finishedTexts, noMachinePaths, noRegistries } from "./architecture/texts.ts";
import { readTree } from "./architecture/tree.ts";

const RULES: Rule[] = [
  arrows,
  doors,
  sqlPlaces,
  tableOwners,
  environmentPlaces,
  statusPlaces,
  timeAndChancePlaces,
  noRuntimeCode,
  erasableSyntax,
  fileNames,
  sayingNames,
  glossaryWords,
  runningTests,
  assertingTests,
  finishedTexts,
  noRegistries,
  noMachinePaths,
];

const tree = readTree();

describe("the house keeps its rules", () => {
  for (const rule of RULES) test(rule.name, () => assertKept(rule, tree));
});

/** A check that reads no files, or the wrong ones, finds nothing and looks well. */
test("the rules see the files of the house", () => {
  const paths = new Set(tree.map(({ path }) => path));
  for (const path of ["package.json", "server/kernel/index.ts", "contract/src/index.ts", ".ci/run", "LICENSE"])
    ok(paths.has(path), path);
});

describe("each rule reports its planted violations and nothing beside them", () => {
  for (const rule of RULES) test(rule.name, () => assertPlantedReported(rule));
});
