import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { type JsonObject, RegentError } from "@regent/contract";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { parseAnswerSchema } from "../answer-schema.ts";
import { answerOffline } from "./answer-offline.ts";

const TEXT = `Review the week.

# Week 12
Revenue was 1,204.50 EUR from 37 orders. The importer crashed twice on Monday, ticket OPS-17.
Customers asked for a CSV export; Ada Example <ada@example.com> wrote on 2026-03-18.
- Fix the importer before Friday
- Send the invoice again`;

const fill = (schema: JsonObject, text = TEXT) => {
  try {
    const parsed = parseAnswerSchema(schema);
    return answerOffline({ model: "offline", messages: [{ role: "user", content: text }] }, parsed);
  } catch (error) {
    if (error instanceof RegentError && error.code === "model_output_invalid") return null;
    throw error;
  }
};

/** A validator of its own: the one in the gateway could agree with the filler about a mistake. */
const isValid = (schema: JsonObject, value: unknown): boolean => compile(schema)(value);
const compile = (schema: JsonObject) =>
  new Ajv2020({ strict: false, validateFormats: false, logger: false }).compile(schema);

/** Arbitraries of literals have types narrower than `JsonObject`. */
const schemas = (arbitrary: fc.Arbitrary<unknown>) => arbitrary as fc.Arbitrary<JsonObject>;

const name = fc.constantFrom("title", "summary", "count", "items", "category", "score", "email", "id", "ok", "note");
const oddName = fc.oneof(name, fc.constantFrom("__proto__", "constructor", ""));
const scalar = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.integer({ min: -50, max: 50 }),
  fc.boolean(),
  fc.constant(null),
);

const range = (low: string, high: string, most: number) =>
  fc.tuple(fc.option(fc.nat(most), { nil: undefined }), fc.option(fc.nat(most), { nil: undefined })).map(([a, b]) => {
    const [least, greatest] = a !== undefined && b !== undefined ? [Math.min(a, b), Math.max(a, b)] : [a, b];
    return { ...(least !== undefined && { [low]: least }), ...(greatest !== undefined && { [high]: greatest }) };
  });

const leaf = schemas(
  fc.oneof(
    range("minLength", "maxLength", 200).map((bounds) => ({ type: "string", ...bounds })),
    fc
      .constantFrom(
        "^[A-Z]{3}-\\d+$",
        "^\\d{4}$",
        "^(a|b|c)$",
        "^[a-z0-9_]{2,12}$",
        "^#[0-9a-fA-F]{6}$",
        "\\w+@\\w+\\.\\w{2,}",
        "^v\\d+(\\.\\d+){2}$",
      )
      .map((pattern) => ({ type: "string", pattern })),
    fc.constantFrom("date", "date-time", "email", "uri", "uuid").map((format) => ({ type: "string", format })),
    range("minimum", "maximum", 1_000).map((bounds) => ({ type: "integer", ...bounds })),
    range("minimum", "maximum", 1_000).map((bounds) => ({ type: "number", ...bounds })),
    fc.constantFrom(1, 5, 0.5, 0.25).map((multipleOf) => ({ type: "number", multipleOf })),
    fc
      .nat(50)
      .map((exclusiveMinimum) => ({ type: "number", exclusiveMinimum, exclusiveMaximum: exclusiveMinimum + 0.5 })),
    fc
      .uniqueArray(scalar, { minLength: 1, maxLength: 5, selector: (value) => JSON.stringify(value) })
      .map((options) => ({ enum: options })),
    scalar.map((value) => ({ const: value })),
    fc.constantFrom(
      { type: "boolean" },
      { type: "null" },
      { type: ["string", "null"] },
      { type: ["integer", "string"] },
      {},
    ),
  ),
);

/** Schemas as people write them: something that fits always exists and is not hard to find. */
const { fair } = fc.letrec<{ fair: JsonObject }>((tie) => ({
  fair: schemas(
    fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc
        .tuple(fc.dictionary(name, tie("fair"), { maxKeys: 4 }), fc.boolean(), fc.boolean())
        .map(([properties, all, open]) => ({
          ...{ type: "object", properties, additionalProperties: open },
          required: Object.keys(properties).filter((_, index) => all || index % 2 === 0),
        })),
      fc
        .tuple(tie("fair"), range("minItems", "maxItems", 6))
        .map(([items, bounds]) => ({ type: "array", items, ...bounds })),
      fc.array(tie("fair"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
      fc
        .array(tie("fair"), { minLength: 1, maxLength: 3 })
        .map((prefixItems) => ({ type: "array", prefixItems, items: false, minItems: prefixItems.length })),
      tie("fair").map((inner) => ({
        type: "object",
        required: ["part"],
        properties: { part: { $ref: "#/$defs/part" } },
        $defs: { part: inner },
      })),
    ),
  ),
}));

/** Anything that is a schema, also those that nothing fits. */
const { wild } = fc.letrec<{ wild: JsonObject }>((tie) => ({
  wild: schemas(
    fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fair,
      fc.array(tie("wild"), { minLength: 1, maxLength: 3 }).map((oneOf) => ({ oneOf })),
      fc.array(tie("wild"), { minLength: 1, maxLength: 3 }).map((allOf) => ({ allOf })),
      tie("wild").map((not) => ({ not })),
      fc
        .tuple(tie("wild"), tie("wild"), tie("wild"))
        .map(([when, then, otherwise]) => ({ if: when, then, else: otherwise })),
      fc
        .tuple(tie("wild"), fc.nat(8))
        .map(([items, minItems]) => ({ type: "array", items, minItems, uniqueItems: true })),
      fc.tuple(tie("wild"), tie("wild")).map(([contains, items]) => ({ type: "array", contains, items })),
      fc
        .tuple(fc.array(oddName, { maxLength: 3 }), fc.nat(5), tie("wild"))
        .map(([required, minProperties, additionalProperties]) => ({
          type: "object",
          required,
          minProperties,
          additionalProperties,
        })),
      tie("wild").map((next) => ({
        type: "object",
        required: ["next"],
        properties: { next: { anyOf: [{ $ref: "#" }, next] } },
      })),
      fc.constantFrom(
        { type: "string", pattern: "^(?=x)y" },
        { type: "string", pattern: "(a)\\1" },
        { minimum: 5, maximum: 1, type: "number" },
        { $ref: "#" },
        { enum: [], type: "string" },
      ),
    ),
  ),
}));

const withOwnRefs = (schema: JsonObject): boolean => JSON.stringify(schema).split('"$ref"').length <= 2;

/** `$ref: "#/$defs/part"` of a schema inside another points nowhere: only those at the root are taken. */
const rooted = (schema: JsonObject): boolean => {
  const { $defs: _, ...rest } = schema;
  return withOwnRefs(schema) && (schema.$defs !== undefined || !JSON.stringify(rest).includes("$defs/"));
};

test("a schema as people write them is always filled, and what it is filled with is valid", () => {
  fc.assert(
    fc.property(
      fair.filter(rooted),
      fc.constantFrom(TEXT, "Short.", "Review.\n\nmonth,amount\nJan,10\nFeb,20.5\nMar,7"),
      (schema, text) => {
        const answer = fill(schema, text);
        ok(answer !== null, "refused");
        ok(isValid(schema, answer.value), JSON.stringify(answer.value));
      },
    ),
    { numRuns: 250, seed: 20261120 },
  );
});

test("any schema is filled with something valid or refused, never filled wrongly", () => {
  let filled = 0;
  fc.assert(
    fc.property(wild, (schema) => {
      try {
        compile(schema);
      } catch {
        return;
      }
      const answer = fill(schema);
      if (answer === null) return;
      filled += 1;
      ok(isValid(schema, answer.value), JSON.stringify(answer.value));
    }),
    { numRuns: 250, seed: 20261120 },
  );
  ok(filled > 60, `only ${filled} of 250 were filled`);
});

test("the same question has the same answer", () => {
  fc.assert(
    fc.property(wild, fc.string({ unit: "grapheme", maxLength: 300 }), (schema, text) => {
      const once = () => {
        try {
          return JSON.stringify(fill(schema, text));
        } catch (error) {
          return String(error);
        }
      };
      equal(once(), once());
    }),
    { numRuns: 60, seed: 20261120 },
  );
});

test("findings of a diff become items with file, line and severity", () => {
  const diff = [
    "diff --git a/src/pay.ts b/src/pay.ts",
    "--- a/src/pay.ts",
    "+++ b/src/pay.ts",
    "@@ -10,2 +10,4 @@",
    " const a = 1;",
    '+const apiKey = "abcdef123456";',
    "+try { pay(); } catch {}",
    " done();",
  ].join("\n");
  const item = {
    type: "object",
    required: ["file", "line", "severity", "message"],
    properties: {
      file: { type: "string" },
      line: { type: "integer" },
      severity: { enum: ["low", "medium", "high"] },
      message: { type: "string" },
    },
  };
  const schema = { type: "object", required: ["findings"], properties: { findings: { type: "array", items: item } } };
  deepEqual(fill(schema, `Review this diff.\n\n${diff}`)?.value, {
    findings: [
      { file: "src/pay.ts", line: 11, severity: "high", message: "a secret seems to stand in the code" },
      { file: "src/pay.ts", line: 12, severity: "medium", message: "an error is swallowed" },
    ],
  });
});

test("figures of a table are summed and counted", () => {
  const csv = "product,month,revenue\nBasic,Jan,100\nPro,Jan,250.5\nBasic,Feb,120\nPro,Feb,300";
  const schema = {
    type: "object",
    required: ["total_revenue", "rows", "average_revenue"],
    properties: { total_revenue: { type: "number" }, rows: { type: "integer" }, average_revenue: { type: "number" } },
  };
  deepEqual(fill(schema, `Summarise the revenue.\n\n${csv}`)?.value, {
    total_revenue: 770.5,
    rows: 4,
    average_revenue: 192.63,
  });
});
