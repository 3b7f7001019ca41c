import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { valueShown } from "./value-shown.ts";

const read = (value: unknown): string =>
  valueShown(value)
    .text.replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

test("a value reads as names and what they hold, without the signs of JSON", () => {
  equal(
    read([{ what: "at least 250 words", ok: false, of: ["a", "b"], more_of: { left: null, n: 0 } }]),
    "what at least 250 words ok no of a, b more of left – n 0",
  );
  equal(read([]), "none");
  equal(read({}), "nothing");
});

test("what is too deep or too large stays JSON, also when it is huge", () => {
  match(valueShown({ a: { b: { c: { d: { e: 1 } } } } }).text, /^<pre>/);
  match(valueShown(Array.from({ length: 1_000_000 }, (_, n) => ({ n }))).text, /^<pre>.*more characters<\/pre>$/s);
});

test("names and values from outside stay text", () => {
  const text = valueShown({ "<b>": ["<img src=x>".repeat(8)], "a\u202eb": 1 }).text;
  equal(/<b>|<img|\u202e/.test(text), false);
});
