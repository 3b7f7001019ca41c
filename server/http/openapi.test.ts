import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { listOperations } from "@regent/contract";
import { Ajv2020 } from "ajv/dist/2020.js";
import { toOpenApi } from "./openapi.ts";

type Any = Record<string, unknown>;
const document = toOpenApi("0.0.0") as { paths: Record<string, Record<string, Any>>; components: { schemas: Any } };

/** Every object that stands where OpenAPI wants a schema. */
function schemasIn(value: unknown): Any[] {
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap(schemasIn);
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key === "schema" ? [inner as Any] : []),
    ...schemasIn(inner),
  ]);
}

test("every schema of the document is a valid JSON Schema, and every reference leads somewhere", () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: "regent", components: document.components });
  const all = [...schemasIn(document.paths), ...Object.values(document.components.schemas)] as Any[];
  ok(all.length > 100);
  for (const schema of all) {
    const text = JSON.stringify(schema);
    ok(ajv.validateSchema(schema), `${JSON.stringify(ajv.errors)} in ${text.slice(0, 300)}`);
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
      ok(Object.hasOwn(document.components.schemas, name!), name);
    ok(!text.includes("#/$defs/"), text.slice(0, 300));
  }
});

test("a reference that leads nowhere is seen", () => {
  const ajv = new Ajv2020({ strict: false });
  equal(ajv.validateSchema({ type: "nothing" }), false);
});

test("every operation is in the document once, with its own id", () => {
  const ids = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  deepEqual(
    ids.sort(),
    listOperations()
      .map(({ name }) => name)
      .sort(),
  );
});

test("every parameter in a path is declared, and required", () => {
  for (const [path, methods] of Object.entries(document.paths))
    for (const one of Object.values(methods)) {
      const declared = (one.parameters as { name: string; in: string; required: boolean }[]).filter(
        (p) => p.in === "path",
      );
      deepEqual(declared.map(({ name }) => name).sort(), [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).sort());
      ok(declared.every(({ required }) => required));
    }
});
