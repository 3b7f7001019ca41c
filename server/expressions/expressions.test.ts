import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "@regent/contract";
import { createExpressions } from "./index.ts";

const expressions = createExpressions();

const CANONICAL: [written: string, canonical: string][] = [
  ["spend > 3x target_cpa and conversions == 0", "spend > 3.0 * target_cpa && conversions == 0.0"],
  ["cpa < 0.8x target_cpa and conversions >= 10", "cpa < 0.8 * target_cpa && conversions >= 10.0"],
  ["frequency > 4", "frequency > 4.0"],
  ["20_000_000", "20000000.0"],
  ["0xFF + 1u", "255.0 + 1.0"],
  ["a / 3x b", "a / (3.0 * b)"],
  ["2x (a + b).c[0]", "2.0 * (a + b).c[0]"],
  ["not a == b or c", "!(a == b) || c"],
  ["not (not a)", "!!a"],
  ["x.and || x.?or.orValue(false)", "x.and || x.?or.orValue(false)"],
  ["a ? not b : c", "a ? !b : c"],
  ["'3x and or' == \"not\"", "'3x and or' == 'not'"],
  ["a - (b - c)", "a - (b - c)"],
  ["(a - b) - c", "a - b - c"],
  ["(a == b) == c", "(a == b) == c"],
  ["-(a + b) * -2", "-(a + b) * -2.0"],
  ["items[0].name", "items[0].name"],
  ["(a ? b : c) ? d : e", "(a ? b : c) ? d : e"],
  ["report.summary.size() > 0", "report.summary.size() > 0.0"],
  ["'it\\'s\\n'", "'it\\'s\\n'"],
  ["-0", "0.0"],
  ["a // why\n  && b", "a && b"],
  ["x.map(i, i > 2, {'a': i})", "x.map(i, i > 2.0, {'a': i})"],
];

for (const [written, canonical] of CANONICAL) {
  test(`${JSON.stringify(written)} has one spelling, and that spelling is its own`, () => {
    equal(expressions.parse(written), canonical);
    equal(expressions.parse(canonical), canonical);
  });
}

const scope: Record<string, Json> = {
  spend: 31,
  target_cpa: 10,
  conversions: 0,
  name: "Ada",
  none: null,
  report: {
    summary: "fine",
    actions: [
      { id: "a", cost: 3 },
      { id: "b", cost: 5 },
    ],
    empty: null,
  },
  price: { micros: 5_000_000, currency: "USD" },
  at: "2026-11-20T23:30:00Z",
  list: [3, 1, 2],
};

const VALUES: [expression: string, value: Json][] = [
  ["spend > 3x target_cpa and conversions == 0", true],
  ["1 + 2 * 3", 7],
  ["7 / 2", 3.5],
  ["7 % 4", 3],
  ["report.summary.size()", 4],
  ["report.actions.size() > 0", true],
  ["size(report.actions) == 2 && list[size(list) - 1] == 2", true],
  ["report.actions.filter(a, a.cost > 3).map(a, a.id)", ["b"]],
  ["report.actions.map(a, a.cost).sum()", 8],
  ["report.actions.exists(a, a.id == 'b') && !report.actions.all(a, a.cost > 3)", true],
  ["list.exists_one(i, i == 3)", true],
  ["'a' in {'a': 1} && 3 in list", true],
  ["has(report.summary)", true],
  ["has(report.nothing)", false],
  ["has(report.nothing.deeper)", false],
  ["has(report.empty)", false],
  ["has(none)", false],
  ["report.?nothing.orValue(0)", 0],
  ["report.?nothing.?deeper.orValue('x')", "x"],
  ["report.?summary.orValue('x')", "fine"],
  ["report.nothing", null],
  ["report.nothing == null", true],
  ["null != report.summary", true],
  ["report.actions[7]", null],
  ["none.deeper", null],
  ["true || report.nothing > 3", true],
  ["report.nothing > 3 || true", true],
  ["false && report.nothing > 3", false],
  ["price > money('$4.99') && price <= money('5 USD')", true],
  ["price + money('$0.10')", { micros: 5_100_000, currency: "USD" }],
  ["price * 2 == money(10, 'USD')", true],
  ["duration('90m') > duration('1h')", true],
  ["duration('1h') + duration('30m')", "90m"],
  ["timestamp(at) - timestamp('2026-11-20') > duration('23h')", true],
  ["timestamp(at) + duration('1h')", "2026-11-21T00:30:00.000Z"],
  ["timestamp(at).getDayOfWeek()", 5],
  ["timestamp(at).getDate('Asia/Tokyo')", 21],
  ["'a,b'.split(',').join('-') + name.upperAscii()", "a-bADA"],
  ["name.matches('^A[a-z]+$')", true],
  ["'x'.contains('y') ? 1 : 2", 2],
  ["cel.bind(t, spend * 2, t + 1)", 63],
  ["list.sort()", [1, 2, 3]],
  ["string(3) + string(0.5) + string(report.actions[0])", '30.5{"id":"a","cost":3}'],
  ["int('42') + double('0.5')", 42.5],
  ["round(2.345, 2)", 2.35],
  ["{'a': [1, 2.5]}", { a: [1, 2.5] }],
  ["9007199254740993 == 9007199254740992", true],
  ["'3' == 3", false],
];

for (const [expression, value] of VALUES) {
  test(`${expression} is ${JSON.stringify(value)}`, () => {
    deepEqual(expressions.evaluate(expression, scope), value);
    deepEqual(expressions.evaluate(expressions.parse(expression), scope), value);
  });
}

const FAILURES: [expression: string, reason: RegExp][] = [
  ["report.nothing > 3", /`report.nothing` is null, and `>` needs a value \(ask first with has\(report.nothing\)\)/],
  ["report.nothing == 'x'", /`report.nothing` is null/],
  ["unknown + 1", /`unknown` is null/],
  ["none.deeper.size()", /`none.deeper` is null/],
  ["report.actions.all(a, a.missing > 3)", /`a.missing` is null/],
  ["name > 3", /`name` is a text, `3.0` a number/],
  ["name + 3", /string\(…\) makes text/],
  ["name.first", /`name` is a text and has no field "first"/],
  ["spend && true", /needs true or false, and `spend` is a number/],
  ["spend / 0", /divides by it/],
  ["1e308 * 10", /too large/],
  ["price > 3", /`price` is a map, `3.0` a number/],
  ["price > money('4 EUR')", /mixes USD and EUR/],
  ["timestamp('2026-11-20T08:00:00')", /needs a date/],
  ["'a' in name", /contains/],
  ["constructor == 1", /`constructor` is null/],
  ["report.constructor == 1", /is null/],
  ["report['__proto__'] == 1", /is null/],
  ["[1, 2].min('x') + money('soon')", /needs money/],
];

for (const [expression, reason] of FAILURES) {
  test(`${expression} fails and says why`, () => {
    throws(() => expressions.evaluate(expression, scope), { code: "expression_failed", message: reason });
  });
}

const WRONG: [expression: string, offset: number, message: RegExp][] = [
  ["", 0, /empty/],
  ["a +", 2, /ends too early/],
  ["a and and b", 6, /Unexpected/],
  ["20_000 = 3", 7, /./],
  ["b'bytes'", 0, /Bytes/],
  ["a.all(x.y, true)", 8, /variable/],
  ["a.contans('x')", 2, /Did you mean contains\(\)/],
  ["now()", 0, /no function now/],
  ["spend > 1e999", 8, /too large/],
  ["(".repeat(500), 200, /nested too deeply/],
  ["!".repeat(19_000), 0, /deep|early/],
];

for (const [expression, offset, message] of WRONG) {
  test(`${JSON.stringify(expression.slice(0, 30))} is no expression, and the place is named`, () => {
    throws(() => expressions.parse(expression), { name: "ExpressionError", offset, message });
  });
}

const TEMPLATES: [template: Json, value: Json][] = [
  ["${list}", [3, 1, 2]],
  ["${name} spent ${spend} of ${price}", 'Ada spent 31 of {"micros":5000000,"currency":"USD"}'],
  ["${none}", null],
  ["[${none}]", "[]"],
  ["${ {'a': '}'}['a'] }", "}"],
  ["${'it\\'s }'} and ${\"}\"}", "it's } and }"],
  ["costs $${name}", "costs ${name}"],
  ["$${name}${name}", "${name}Ada"],
  [
    { a: ["${spend}", 1], b: { c: "x ${name}" } },
    { a: [31, 1], b: { c: "x Ada" } },
  ],
  ["$5 {name}", "$5 {name}"],
];

for (const [template, value] of TEMPLATES) {
  test(`the template ${JSON.stringify(template)} becomes ${JSON.stringify(value)}`, () => {
    deepEqual(expressions.render(template, scope), value);
    deepEqual(expressions.render(expressions.parseTemplate(template), scope), value);
  });
}

test("a template's place of error counts from the template's start", () => {
  throws(() => expressions.parseTemplate("ab ${a +}"), { name: "ExpressionError", offset: 7 });
  throws(() => expressions.parseTemplate("ab ${a"), { name: "ExpressionError", offset: 3 });
});

test("free names leave out the variables of comprehensions", () => {
  deepEqual(expressions.names("a.b + list.filter(i, i > limit).map(j, j + k).size() + cel.bind(t, u, t + i)"), [
    "a",
    "list",
    "limit",
    "k",
    "u",
    "i",
  ]);
  deepEqual(expressions.templateNames({ x: "${a} and ${b.c}", y: ["${a + d}"] }), ["a", "b", "d"]);
});
