import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { toShellText } from "./shell-text.ts";

const scope = { inputs: { app: "x; rm -rf /", deep: { a: [1] } }, report: { summary: "fine" }, name: "n" };

test("paths become variables whose values travel beside the text", () => {
  deepEqual(toShellText("mkdir ${inputs.app} ${inputs.deep.a} ${name} ${report.summary}", scope), {
    text: "mkdir ${inputs_app} ${inputs_deep_a} ${name} ${report_summary}",
    paths: { inputs_app: "x; rm -rf /", inputs_deep_a: [1], report_summary: "fine" },
  });
});

test("what is not there is null, and prototypes are not there", () => {
  const { paths } = toShellText("${inputs.none.more} ${inputs.constructor} ${report.__proto__.x}", scope);
  deepEqual(Object.values(paths), [null, null, null]);
});

test("shells' own expansions and unknown names stay", () => {
  for (const text of [
    "${name%.*} ${#name} ${other.x} $inputs.app ${name:-x.y}",
    "#!/usr/bin/env node\n`${inputs.app}`",
  ])
    equal(toShellText(text, scope).text, text);
  equal(toShellText("#!/bin/bash -e\n${inputs.app}", scope).text, "#!/bin/bash -e\n${inputs_app}");
});
