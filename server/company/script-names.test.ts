import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { readScriptNames } from "./script-names.ts";

const CASES: [script: string, required: string[], optional: string[]][] = [
  ["npm create next-app@latest ${app_name}\ncd ${app_name}\nnpm install ${packages}", ["app_name", "packages"], []],
  ["echo ${inputs.days}", ["days"], []],
  ["echo $name $HOME ${HOME} ${PATH}", [], ["name", "HOME", "PATH"]],
  ["echo '${quoted}' \"${double}\" \\${escaped}", ["double"], []],
  ["# ${comment}\necho a#${b}", ["b"], []],
  ["x=1; echo ${x}; for f in *; do echo ${f}; done; read -r line; echo ${line}", [], ["x", "f", "line"]],
  ["export A_b=1\nlocal c=2\necho ${A_b} ${c}", [], ["A_b", "c"]],
  ["echo ${x:-default} ${y:=z} ${#len} ${arr%.*}", ["len", "arr"], ["x", "y"]],
  ["echo ${a:-${b}}", ["b"], ["a"]],
  ["echo $(date) $1 $$ $? ${1}", [], []],
  ["it's; echo ${lost}", [], []],
];

for (const [script, required, optional] of CASES) {
  test(`${JSON.stringify(script)} reads ${[...required, ...optional].join(", ") || "nothing"}`, () => {
    const read = readScriptNames(script);
    deepEqual(
      read.required.map(({ name }) => name),
      required,
    );
    deepEqual(read.optional, optional);
  });
}

test("only a shell's expansions become inputs: another interpreter reads what is in scope", () => {
  const read = readScriptNames("#!/usr/bin/env node\nconsole.log(`${x} ${process.env.topic}`)");
  deepEqual(read.required, []);
  deepEqual(read.optional.includes("topic"), true);
});

test("`${inputs.x}` is rewritten, and other dotted names are told", () => {
  const read = readScriptNames("echo ${inputs.days} ${product.name}");
  deepEqual(read.script, "echo ${days} ${product.name}");
  deepEqual(
    read.dotted.map(({ text }) => text),
    ["${product.name}"],
  );
});
