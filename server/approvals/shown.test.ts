import assert from "node:assert/strict";
import test from "node:test";
import { toShown, toShownText } from "./shown.ts";

test("text that reorders or hides itself is shown as what it is", () => {
  assert.equal(toShownText("pay \u202e001$\u202c now"), "pay \\u202e001$\\u202c now");
  assert.equal(toShownText("a\u200bb\u2066c\ufeff"), "a\\u200bb\\u2066c\\ufeff");
  assert.equal(toShownText("\u{e0041}tag"), "\\u{e0041}tag");
  assert.equal(toShownText("\ud800 half"), "\\ud800 half");
});

test("a terminal's control sequences do not reach a terminal", () => {
  assert.equal(toShownText("\u001b[2J\u0007\u0000\u009b1m"), "\\u001b[2J\\u0007\\u0000\\u009b1m");
  assert.equal(toShownText("real question\rfake"), "real question\\u000dfake");
});

test("what people write stays as it is", () => {
  for (const text of ["Grüße, 你好, שלום, سلام", "a\nb\tc", "👩‍👩‍👧‍👦 ❤️", "می‌خواهم"]) {
    assert.equal(toShownText(text), text);
  }
  assert.equal(toShownText("one\r\ntwo"), "one\ntwo");
});

test("long text is cut, and says so", () => {
  const shown = toShownText("x".repeat(20_000));
  assert.ok(shown.length < 16_100);
  assert.ok(shown.endsWith("(cut: 16000 of 20000 characters are shown)"));
});

test("names and nested values are escaped too, and values keep their type", () => {
  assert.deepEqual(toShown([{ "a\u202e": ["\u0000", 1, true, null] }, "ok"]), [
    { "a\\u202e": ["\\u0000", 1, true, null] },
    "ok",
  ]);
});

test("a key named __proto__ is shown as a key", () => {
  const shown = toShown([JSON.parse('{"__proto__": {"x": 1}}')]);
  assert.equal(JSON.stringify(shown), '[{"__proto__":{"x":1}}]');
});

test("however much is to be shown, it stays small enough to look at", () => {
  const wide = Array.from({ length: 100_000 }, (_, i) => `item ${i}`);
  const fields = Object.fromEntries(wide.map((name) => [name, name]));
  let deep: unknown = "end";
  for (let i = 0; i < 5_000; i++) deep = { deep };
  for (const value of [wide, fields, deep, "x".repeat(5_000_000), [wide, wide, wide]]) {
    const size = JSON.stringify(toShown([value as never, value as never])).length;
    assert.ok(size < 200_000, `${size} characters`);
  }
});
