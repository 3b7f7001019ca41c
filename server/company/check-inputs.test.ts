import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import type { InputField, Json } from "@regent/contract";
import { checkInputs } from "./check-inputs.ts";

const names = {
  company: { currency: "EUR" },
  products: { "wealth-synapse": { id: "wealth-synapse", name: "Wealth", domain: "w.example" } },
  agents: { "code-agent": { id: "code-agent" } },
};

const field = (type: InputField["type"], more: Partial<InputField> = {}): InputField => ({
  name: "x",
  type,
  required: false,
  ...more,
});

const FINE: [field: InputField, given: Json, value: Json][] = [
  [field("string"), "a", "a"],
  [field("text", { max: 3 }), "abc", "abc"],
  [field("integer"), 7, 7],
  [field("integer"), "7", 7],
  [field("number", { min: 0, max: 1 }), 0.5, 0.5],
  [field("boolean"), "true", true],
  [field("enum", { options: ["a", "b"] }), "b", "b"],
  [field("date"), "2026-02-28", "2026-02-28"],
  [field("datetime"), "2026-02-28T08:00:00+01:00", "2026-02-28T08:00:00+01:00"],
  [field("duration"), "1h30m", "1h30m"],
  [field("money"), "$4.99", { micros: 4_990_000, currency: "USD" }],
  [field("money"), 3, { micros: 3_000_000, currency: "EUR" }],
  [field("money"), { micros: 1, currency: "USD" }, { micros: 1, currency: "USD" }],
  [field("json"), { a: [1] }, { a: [1] }],
  [field("list", { max: 2 }), [1, 2], [1, 2]],
  [field("file"), "file_abc", "file_abc"],
  [field("folder"), `sha256:${"a".repeat(64)}`, `sha256:${"a".repeat(64)}`],
  [field("product"), "wealth_synapse", { id: "wealth-synapse", name: "Wealth", domain: "w.example" }],
  [field("product"), { id: "wealth-synapse" }, { id: "wealth-synapse", name: "Wealth", domain: "w.example" }],
  [field("agent"), "code_agent", "code-agent"],
  [field("secret"), "STRIPE_KEY", "STRIPE_KEY"],
  [field("string", { default: "d" }), null, "d"],
  [field("string"), null, null],
];

for (const [declared, given, value] of FINE) {
  test(`${JSON.stringify(given)} as ${declared.type} is ${JSON.stringify(value)}`, () => {
    deepEqual(checkInputs([declared], { x: given }, names), { inputs: { x: value }, errors: [] });
  });
}

const WRONG: [field: InputField, given: Json, message: RegExp][] = [
  [field("string"), 3, /must be text, not 3/],
  [field("text", { max: 3 }), "abcd", /at most 3 characters, not 4/],
  [field("integer"), 7.5, /whole number/],
  [field("integer"), "seven", /whole number/],
  [field("integer"), 2 ** 53, /whole number/],
  [field("integer", { min: 1, max: 90 }), 91, /at most 90, not 91/],
  [field("number"), "Infinity", /a number/],
  [field("number"), true, /a number/],
  [field("boolean"), 1, /true or false/],
  [field("enum", { options: ["a", "b"] }), "c", /one of a, b/],
  [field("date"), "2026-02-30", /a date/],
  [field("datetime"), "2026-02-28T08:00:00", /a moment/],
  [field("duration"), "soon", /a duration/],
  [field("money"), "cheap", /money/],
  [field("money"), { micros: 1.5, currency: "USD" }, /money/],
  [field("list"), "a,b", /a list/],
  [field("list", { min: 2 }), [1], /at least 2 items/],
  [field("file"), "../etc/passwd", /an uploaded file/],
  [field("product"), "nothing", /a product of the company \(wealth-synapse\)/],
  [field("product"), "constructor", /a product/],
  [field("agent"), "nobody", /an agent/],
  [field("secret"), "sk_live_123", /NAME of a secret/],
  [field("string", { required: true }), null, /is required/],
];

for (const [declared, given, message] of WRONG) {
  test(`${JSON.stringify(given)} is no ${declared.type}, and the pointer says which input`, () => {
    const { errors } = checkInputs([declared], { x: given }, names);
    equal(errors.length, 1);
    equal(errors[0]!.pointer, "/x");
    match(errors[0]!.message, message);
  });
}

test("an unknown input is refused with the nearest name; a value of a secret is never repeated", () => {
  const { errors } = checkInputs(
    [field("secret"), { ...field("string"), name: "topic" }],
    { tpoic: "a", x: "hunter2 " },
    names,
  );
  match(errors[0]!.message, /no input "tpoic". Did you mean "topic"\?/);
  equal(JSON.stringify(errors).includes("hunter2"), false);
});

test("every missing and wrong input is told at once", () => {
  const fields = ["a", "b", "c"].map((name) => ({ ...field("integer", { required: true }), name }));
  equal(checkInputs(fields, { c: "x" }, names).errors.length, 3);
});
