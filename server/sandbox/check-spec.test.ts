import { doesNotThrow, throws } from "node:assert/strict";
import { test } from "node:test";
import { checkSpec } from "./check-spec.ts";
import type { ScriptSpec } from "./sandbox.ts";

const spec = (changed: Partial<ScriptSpec>): ScriptSpec => ({
  ...{ run: "run_1", stage: "s", script: "true", env: {}, directory: "/d", inputs: [], network: [] },
  ...changed,
});
const refuses = (changed: Partial<ScriptSpec>, message: RegExp) =>
  throws(() => checkSpec(spec(changed)), { code: "invalid_input", message });

/** The shell inside exports `name=value`; a name with brackets would be evaluated as arithmetic, which runs commands. */
test("names of variables are plain names", () => {
  for (const name of ["", "a-b", "1a", "a b", "a=b", "a[$(id)]", "BASH_FUNC_ulimit%%", "a\nb", "ä"]) {
    refuses({ env: { [name]: "x" } }, /cannot be the name of a variable/);
  }
  doesNotThrow(() =>
    checkSpec(spec({ env: { a_B1: "any value: $(id) `id` \n ünï", LD_PRELOAD: "x", BASH_ENV: "y" } })),
  );
});

test("values that the kernel would not hand to a program are refused with the way out", () => {
  refuses({ env: { big: "x".repeat(131_072) } }, /big is larger than 128 KB; pass it as a file/);
  refuses({ env: { cut: "a\0b" } }, /NUL/);
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`v${index}`, "x".repeat(100_000)]));
  refuses({ env: many }, /together are larger than 1 MB/);
  doesNotThrow(() => checkSpec(spec({ env: { big: "x".repeat(131_000) } })));
});

test("names of inputs and the working directory stay below the workspace", () => {
  for (const name of ["", ".", "..", "a/b", "../x", "a\0", "x".repeat(256)]) {
    refuses({ inputs: [{ name, source: "/s" }] }, /name of an input/);
  }
  const input = { name: "a", source: "/s" };
  refuses({ inputs: [input, input] }, /two inputs have one name/);
  for (const workingDirectory of ["/etc", "..", "a/../..", "a//b", "./a", "a/"]) {
    refuses({ workingDirectory }, /below the workspace/);
  }
  doesNotThrow(() => checkSpec(spec({ workingDirectory: "a/b c/ü", inputs: [{ name: "año 1.pdf", source: "/s" }] })));
});
