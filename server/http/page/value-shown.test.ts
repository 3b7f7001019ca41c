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

test("a list of short records of one kind is a table", () => {
  const { text } = valueShown([
    { what: "long <enough>", ok: true },
    { what: "named", ok: false },
  ]);
  equal(text.match(/<tr>/g)?.length, 3);
  equal(
    read([
      { what: "a", ok: true },
      { what: "b", ok: false },
    ]),
    "what ok a yes b no",
  );
  equal(valueShown([{ a: 1 }, { b: 1 }]).text.includes("<table"), false);
  equal(valueShown([{ a: "x".repeat(81) }, { a: 1 }]).text.includes("<table"), false);
});

test("what is too deep or too large stays JSON, also when it is huge", () => {
  match(valueShown({ a: { b: { c: { d: { e: 1 } } } } }).text, /^<pre>/);
  match(valueShown(Array.from({ length: 1_000_000 }, (_, n) => ({ n }))).text, /^<pre>.*more characters<\/pre>$/s);
});

test("names and values from outside stay text", () => {
  const text = valueShown({ "<b>": ["<img src=x>".repeat(8)], "a\u202eb": 1 }).text;
  equal(/<b>|<img|\u202e/.test(text), false);
});
