import { equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { createSafePattern } from "./safe-pattern.ts";

test("patterns that backtrack without end are answered in time", () => {
  for (const [pattern, text] of [
    ["(a+)+$", `${"a".repeat(60)}!`],
    ["^(\\w+\\s?)*$", `${"word ".repeat(40)}!`],
    ["^(a|aa)+$", `${"a".repeat(80)}b`],
    ["(.*a){12}", "a".repeat(11).padEnd(200, "b")],
  ] as const) {
    const from = performance.now();
    equal(createSafePattern(pattern).test(text), false, pattern);
    ok(performance.now() - from < 1_000, pattern);
  }
});

test("patterns with Unicode classes work, and are refused where they repeat a repetition", () => {
  equal(createSafePattern("^\\p{L}{2,}$").test("Straße"), true);
  throws(() => createSafePattern("^(\\p{L}+)+$"), SyntaxError);
  throws(() => createSafePattern("("), SyntaxError);
});
