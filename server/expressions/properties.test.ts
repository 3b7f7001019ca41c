import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import type { Json } from "@regent/contract";
import fc from "fast-check";
import { createExpressions } from "./index.ts";
import { Meter } from "./meter.ts";
import { matchesRegex } from "./regex.ts";

const expressions = createExpressions();

const name = fc.constantFrom("a", "b", "c.d", "items", "items[0]", "e.f.g");
const literal = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }).map(String),
  fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text).replace(/\\u/g, "\\u")),
  fc.constantFrom("true", "false", "null", "[]", "{}", "'it\\'s'", "3x a", "20_000", "0x1F"),
);

/** Expressions of every form, also senseless ones: what they mean must not depend on how they are spelled. */
const expression = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    name,
    literal,
    fc
      .tuple(
        tie("node"),
        fc.constantFrom("+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "and", "or", "in"),
        tie("node"),
      )
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    fc
      .tuple(tie("node"), fc.constantFrom("&&", "and", "or", "+", "-", "*"), tie("node"))
      .map((parts) => parts.join(" ")),
    tie("node").map((node) => `!(${node})`),
    tie("node").map((node) => `not ${node}`),
    tie("node").map((node) => `-(${node})`),
    fc.tuple(tie("node"), tie("node"), tie("node")).map(([test, yes, no]) => `(${test}) ? (${yes}) : ${no}`),
    fc.tuple(tie("node"), tie("node")).map(([first, second]) => `[${first}, ${second}]`),
    tie("node").map((node) => `{'k': ${node}}.?k.orValue(1)`),
    tie("node").map((node) => `size(string(${node}))`),
    tie("node").map((node) => `items.map(i, ${node})`),
    tie("node").map((node) => `has(a.b) || items.exists(i, ${node})`),
  ),
})).node;

const scope: Record<string, Json> = {
  a: 3,
  b: "x",
  c: { d: true },
  items: [1, "two", { three: 3 }],
  e: { f: { g: null } },
};

const outcomeOf = (text: string): unknown => {
  try {
    return { value: expressions.evaluate(text, scope) };
  } catch (error) {
    return { error: (error as { code?: string }).code };
  }
};

test("the canonical spelling is its own canonical spelling, and means the same", () => {
  fc.assert(
    fc.property(expression, (text) => {
      let canonical: string;
      try {
        canonical = expressions.parse(text);
      } catch (error) {
        equal((error as Error).name, "ExpressionError", text);
        return;
      }
      equal(expressions.parse(canonical), canonical, text);
      deepEqual(outcomeOf(canonical), outcomeOf(text), text);
      deepEqual(expressions.names(canonical), expressions.names(text), text);
    }),
    { numRuns: 2_000 },
  );
});

/** A sum and what it comes to, by another way than the evaluator's. */
const sum = fc.letrec<{ node: { text: string; value: number } }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 6, depthSize: "medium" },
    fc.integer({ min: 0, max: 9 }).map((value) => ({ text: String(value), value })),
    fc.tuple(tie("node"), fc.constantFrom("+", "-", "*"), tie("node")).map(([left, operator, right]) => ({
      text: `(${left.text}) ${operator} (${right.text})`,
      value:
        operator === "+"
          ? left.value + right.value
          : operator === "-"
            ? left.value - right.value
            : left.value * right.value,
    })),
    tie("node").map(({ text, value }) => ({ text: `-(${text})`, value: -value })),
  ),
})).node;

test("sums come to what they come to, also in their canonical spelling", () => {
  fc.assert(
    fc.property(sum, ({ text, value }) => {
      equal(expressions.evaluate(text, {}) === value, true, text);
      equal(expressions.evaluate(expressions.parse(text), {}) === value, true, `${text} as ${expressions.parse(text)}`);
    }),
    { numRuns: 1_000 },
  );
});

test("no text whatever does anything but parse or be refused with a place inside it", () => {
  const piece = fc.constantFrom(
    "a",
    ".",
    "?",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "\\",
    "not",
    "and",
    "3x ",
    "$",
    "0x",
    "e9",
    "\n",
    "//",
    "🙂",
    "has",
    "map(i,",
    "'''",
  );
  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.array(piece, { maxLength: 25 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (given) => {
      try {
        expressions.parse(given);
        expressions.parseTemplate(given);
      } catch (error) {
        equal((error as Error).name, "ExpressionError", String(error));
        const { offset } = error as Error & { offset: number };
        ok(offset >= 0 && offset <= given.length, `${offset} in ${JSON.stringify(given)}`);
      }
    }),
    { numRuns: 3_000 },
  );
});

test("a template of plain text is that text, and a value alone keeps its type", () => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), (text, value) => {
      const plain = text.replaceAll("${", () => "$${");
      equal(expressions.render(plain, {}), text);
      deepEqual(expressions.render("${x}", { x: value as Json }), value);
      deepEqual(expressions.render(expressions.parseTemplate({ [text]: plain }), {}), { [text]: text });
    }),
    { numRuns: 1_000 },
  );
});

test("regular expressions match what RegExp matches, where both know the pattern", () => {
  const atom = fc.constantFrom(
    "a",
    "b",
    "ab",
    ".",
    "[ab]",
    "[^a]",
    "\\d",
    "\\w",
    "\\s",
    "(a|b)",
    "(?:ab)",
    "[a-c1]",
    "\\.",
    "\\b",
    "^",
    "$",
    "(a|)",
    "(?:(a*)*)",
  );
  const quantifier = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,}", "*?", "+?");
  const pattern = fc
    .array(fc.tuple(atom, quantifier), { maxLength: 6 })
    .map((parts) => parts.map(([a, q]) => (/^(\\b|\^|\$)$/.test(a) ? a : a + q)).join(""));
  fc.assert(
    fc.property(pattern, fc.stringMatching(/^[ab1 .]{0,12}$/), (source, text) => {
      equal(
        matchesRegex(source, text, new Meter()),
        new RegExp(source, "u").test(text),
        `/${source}/ on ${JSON.stringify(text)}`,
      );
    }),
    { numRuns: 3_000 },
  );
});

/** Each of these takes an evaluator without bounds seconds, gigabytes, or for ever. */
const HOSTILE: [what: string, expression: string, scope: Record<string, Json>][] = [
  ["text that doubles", `${"cel.bind(x, x + x, ".repeat(60)}x${")".repeat(60)}`, { x: "a".repeat(1_000) }],
  [
    "nested comprehensions",
    "l.map(a, l.map(b, l.map(c, l.map(d, a + b + c + d))))",
    { l: Array.from({ length: 100 }, (_, i) => i) },
  ],
  ["lists that double", `${"cel.bind(x, x + x, ".repeat(60)}x${")".repeat(60)}`, { x: [1, 2, 3] }],
  [
    "comparison of large values in a loop",
    "l.all(i, big == big2)",
    { l: Array(100_000).fill(1), big: Array(10_000).fill(1), big2: Array(10_000).fill(1) },
  ],
  ["replacements that grow", "t.replace('a', t).replace('a', t)", { t: "a".repeat(10_000) }],
  ["a search in a loop", "l.all(i, t.contains('b') == false)", { l: Array(10_000).fill(1), t: "a".repeat(100_000) }],
  ["distinct of a long list", "l.distinct().size()", { l: Array.from({ length: 50_000 }, (_, i) => i) }],
  ["joins of joins", "l.map(i, l.join(t)).join(t).size()", { l: Array(300).fill("x"), t: "y".repeat(1_000) }],
  ["sort of a long list", "l.sort().size()", { l: Array.from({ length: 200_000 }, (_, i) => -i) }],
];

for (const [what, text, names] of HOSTILE) {
  test(`${what} ends within seconds, on a busy machine too`, () => {
    const started = performance.now();
    throws(() => expressions.evaluate(text, names), { code: "expression_failed" });
    ok(performance.now() - started < 5_000, `${performance.now() - started} ms`);
  });
}

test("a regular expression that explodes elsewhere simply does not match", () => {
  const t = `${"a".repeat(20_000)}!`;
  const started = performance.now();
  equal(expressions.evaluate("t.matches('^(a+)+$') || t.matches('^(a|a)*b') || t.matches('(.*)*x')", { t }), false);
  ok(performance.now() - started < 5_000, `${performance.now() - started} ms`);
});

test("a value nested without end is refused, not a crash", () => {
  let deep: Json = [];
  for (let i = 0; i < 50_000; i += 1) deep = [deep];
  for (const text of ["x == y", "string(x)", "[x]"]) {
    try {
      expressions.evaluate(text, { x: deep, y: structuredClone([1]) });
    } catch (error) {
      equal((error as { code?: string }).code, "expression_failed");
    }
  }
});

test("own properties alone resolve, however they are asked for", () => {
  const asked = [
    "x.constructor",
    "x.toString",
    "x['__proto__']",
    "x.?constructor.orValue(null)",
    "constructor",
    "__proto__x",
    "x.hasOwnProperty",
  ];
  for (const text of asked) equal(expressions.evaluate(text, { x: {} }), null, text);
  equal(expressions.evaluate("'constructor' in x", { x: {} }), false);
  const made = expressions.evaluate("{'__proto__': 1, 'constructor': 2}", {}) as Record<string, Json>;
  deepEqual(Object.keys(made), ["__proto__", "constructor"]);
  equal(Object.getPrototypeOf(made), Object.prototype);
  const rendered = expressions.render(JSON.parse('{"__proto__": {"polluted": "${1}"}}'), {}) as object;
  equal(Object.getPrototypeOf(rendered), Object.prototype);
  equal(({} as { polluted?: unknown }).polluted, undefined);
});

test("there is no clock and no chance to ask", () => {
  for (const text of ["now()", "random()", "uuid()", "timestamp()", "date()"])
    throws(() => expressions.evaluate(text, {}), { code: "expression_failed" });
});

/** A process elsewhere, in another zone and language, must replay a run to the same values. */
test("zone and language of the machine change nothing", () => {
  const program = `
    const { createExpressions } = await import(${JSON.stringify(new URL("./index.ts", import.meta.url).href)});
    const expressions = createExpressions();
    const texts = ["timestamp('2026-11-01').getDayOfYear()", "timestamp('2026-11-01T01:30:00Z').getHours('America/New_York')",
      "timestamp('2026-03-29T00:30:00Z') + duration('1h')", "string(1234567.891)", "['b', 'ä', 'a', 'Z'].sort()", "'I'.lowerAscii()", "1.0 / 3"];
    console.log(JSON.stringify(texts.map((text) => expressions.evaluate(text, {}))));`;
  const run = (env: Record<string, string>): string =>
    execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      env: { ...env, NODE_OPTIONS: "" },
      encoding: "utf8",
    });
  const here = run({ TZ: "UTC", LANG: "C" });
  equal(run({ TZ: "Pacific/Kiritimati", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" }), here);
  deepEqual(JSON.parse(here).slice(0, 3), [304, 21, "2026-03-29T01:30:00.000Z"]);
});

test("what is kept of parsed expressions is bounded", () => {
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 60_000; i += 1) expressions.parse(`a + ${i} > b`);
  ok(process.memoryUsage().heapUsed - before < 100_000_000);
});
