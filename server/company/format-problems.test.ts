import { equal } from "node:assert/strict";
import { test } from "node:test";
import { formatProblems, type Problem } from "./index.ts";

const problem: Problem = {
  file: "a.yaml",
  line: 2,
  column: 5,
  pointer: "/x",
  message: 'Unknown key "agnt".',
  suggestion: "agent",
  severity: "error",
};

test("a problem shows its place, its line with a caret, and the way out", () => {
  const text = formatProblems([problem, { ...problem, severity: "warning", suggestion: null }], "/company", (file) =>
    file === "/company/a.yaml" ? "\ufeffone\r\n    agnt: x\r\n" : undefined,
  );
  equal(
    text,
    [
      'a.yaml:2:5: error: Unknown key "agnt".',
      "  2 |     agnt: x",
      "    |     ^",
      "  try: agent",
      "",
      'a.yaml:2:5: warning: Unknown key "agnt".',
      "  2 |     agnt: x",
      "    |     ^",
      "",
      "1 error, 1 warning",
    ].join("\n"),
  );
});

test("a file that cannot be shown, a long line and control characters harm nothing", () => {
  equal(
    formatProblems([problem], "/company", () => undefined),
    'a.yaml:2:5: error: Unknown key "agnt".\n  try: agent\n\n1 error, 0 warnings',
  );
  const long = formatProblems(
    [{ ...problem, line: 1, column: 500 }],
    "/company",
    () => `${"x".repeat(499)}\u001b[31mY`,
  );
  equal(long.includes("\u001b"), false);
  equal(long.split("\n")[1]!.length < 160, true);
  equal(
    formatProblems([], "/company", () => undefined),
    "",
  );
});
