import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { parseJson } from "./parse-json.ts";

const read = (text: string | Uint8Array) => parseJson(typeof text === "string" ? new TextEncoder().encode(text) : text);
const refusal = (text: string | Uint8Array): string => {
  let pointer = "nothing was refused";
  throws(
    () => read(text),
    (error: { code: string; detail: { errors: { pointer: string }[] } }) => {
      pointer = error.detail.errors[0]!.pointer;
      return error.code === "invalid_input";
    },
  );
  return pointer;
};

test("JSON is read as it is; of a name that stands twice the last counts", () => {
  deepEqual(read('{"a":[1,"\\u00e9",null],"b":1,"b":2,"constructor":{"prototype":1}}'), {
    a: [1, "é", null],
    b: 2,
    constructor: { prototype: 1 },
  });
});

test("a name that could become a prototype is refused with its place", () => {
  equal(refusal('{"a":[{"__proto__":{"x":1}}]}'), "/a/0/__proto__");
});

test("text that a database cannot keep is refused with its place", () => {
  equal(refusal('{"a":"x\\u0000"}'), "/a");
  equal(refusal('{"a":{"b/c":"\\ud800"}}'), "/a/b~1c");
});

test("nesting that could exhaust a stack is refused before anything is built", () => {
  equal(refusal("[".repeat(2_000_000)), "");
  equal(refusal(`${'{"a":'.repeat(101)}1${"}".repeat(101)}`), "");
  deepEqual(read(`"${"[".repeat(1_000)}"`), "[".repeat(1_000));
});

test("what is no JSON, or no UTF-8, is refused", () => {
  for (const text of ["", "{", "undefined", "{'a':1}", "1 2"]) equal(refusal(text), "");
  equal(refusal(new Uint8Array([0x22, 0xff, 0x22])), "");
});
