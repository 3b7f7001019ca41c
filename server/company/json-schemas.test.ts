import { deepEqual, equal, ok } from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { toJsonSchemas } from "@regent/contract/company";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parseAllDocuments } from "yaml";
import { identify } from "./identify.ts";

const ROOT = join(import.meta.dirname, "../..");
const SCHEMAS = join(ROOT, "contract/schemas");
const made = toJsonSchemas();

test("the JSON Schemas in the repository are those of the contract; otherwise run `node scripts/write-schemas.ts`", () => {
  deepEqual(
    globSync("*.schema.json", { cwd: SCHEMAS }).sort(),
    Object.keys(made)
      .map((name) => `${name}.schema.json`)
      .sort(),
  );
  for (const [name, schema] of Object.entries(made)) {
    deepEqual(JSON.parse(readFileSync(join(SCHEMAS, `${name}.schema.json`), "utf8")), schema, name);
  }
});

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const validators = new Map(Object.entries(made).map(([name, schema]) => [name, ajv.compile(schema)]));
const documentsOf = (file: string): unknown[] =>
  (parseAllDocuments(readFileSync(join(ROOT, file), "utf8")) as { toJS(): unknown }[])
    .map((document) => document.toJS())
    .filter((value) => value !== null);

for (const file of globSync(["company/**/*.yaml", "tests/formats/*/*.yaml"], { cwd: ROOT })) {
  test(`an editor finds nothing wrong in ${file}`, () => {
    for (const value of documentsOf(file)) {
      const kind = identify(value as never);
      ok(kind, "known by its content");
      for (const name of [kind, "any"]) {
        const validate = validators.get(name)!;
        ok(validate(value), `${name}: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
      }
    }
  });
}

test("an editor finds an unknown key, a wrong type and an unknown stage type; a key that begins with x- is fine", () => {
  const validate = validators.get("daemon")!;
  const stage = { name: "A", agent: "gpt-5" };
  equal(validate({ daemon: { name: "D", "x-note": 1, stages: [stage] } }), true);
  for (const daemon of [
    { name: "D", stagess: [], stages: [stage] },
    { name: 3, stages: [stage] },
    { name: "D", stages: [{ ...stage, type: "gat" }] },
    { name: "D", stages: [{ ...stage, promt: "x" }] },
  ]) {
    equal(validate({ daemon }), false, JSON.stringify(daemon));
  }
});
