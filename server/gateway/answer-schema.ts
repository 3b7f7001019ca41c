/** Makes answers fit a JSON Schema (draft 2020-12): what is sent, what is read from the text, what is said of errors. */
import { createHash } from "node:crypto";
import type { Json, JsonObject } from "@regent/contract";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { createSafePattern } from "./safe-pattern.ts";

export interface AnswerSchema {
  schema: JsonObject;
  /** Providers want an object at the root: other schemas are wrapped as `{ "answer": … }`. */
  sent: JsonObject;
  /** Every object closed and every property required: providers then promise an answer that fits. */
  strict: boolean;
  /** The value in the model's text, or one sentence about why there is none. */
  read(text: string): { value: Json } | { problem: string };
  /** What is wrong with a value; null: it fits. */
  check(value: Json): string | null;
}

export class SchemaError extends Error {
  override name = "SchemaError";
}

/** @throws SchemaError  it is no JSON Schema, or refers to one that is not in it */
export function parseAnswerSchema(schema: JsonObject): AnswerSchema {
  const validate = compile(schema);
  const wrapped = schema.type !== "object" && !isObjectLike(schema);
  const sent = wrapped ? wrap(schema) : schema;

  const check = (value: Json): string | null => {
    try {
      return validate(value) ? null : toSentence(validate.errors ?? []);
    } catch (error) {
      // A schema may refer to itself without end; only following it shows that.
      if (error instanceof RangeError) return "the schema refers to itself without end";
      throw error;
    }
  };

  const read = (text: string): { value: Json } | { problem: string } => {
    const found = findJson(text);
    if (found === undefined) return { problem: "it holds no JSON" };
    const inner = wrapped ? unwrap(found) : undefined;
    if (inner !== undefined && check(inner) === null) return { value: inner };
    const problem = check(found);
    if (problem === null) return { value: found };
    return { problem: (inner !== undefined && check(inner)) || problem };
  };

  return { schema, sent, strict: isStrict(sent), read, check };
}

const PATTERNS = Object.assign((pattern: string) => createSafePattern(pattern), { code: "createSafePattern" });

// Compiled validators by the schema's digest. 200 schemas are a few megabytes; the oldest goes first.
const compiled = new Map<string, ValidateFunction>();

function compile(schema: JsonObject): ValidateFunction {
  const key = createHash("sha256").update(JSON.stringify(schema)).digest("base64");
  const kept = compiled.get(key);
  if (kept) return kept;
  try {
    const { $id: _, ...anonymous } = schema;
    // `format` is a note in this draft, not a rule; unknown keywords are the author's own notes.
    const ajv = new Ajv2020({
      strict: false,
      allErrors: true,
      validateFormats: false,
      logger: false,
      ownProperties: true,
      code: { regExp: PATTERNS },
    });
    const validate = ajv.compile(anonymous);
    compiled.set(key, validate);
    for (const oldest of compiled.keys()) if (compiled.size > 200) compiled.delete(oldest);
    return validate;
  } catch (error) {
    throw new SchemaError(error instanceof Error ? error.message : String(error));
  }
}

/** The whole text, a fenced block, or the first object or list in it that is JSON. */
function findJson(text: string): Json | undefined {
  const whole = parse(text);
  if (whole !== undefined) return whole;
  for (const [, block] of text.matchAll(/```[a-zA-Z]*\s*\n([\s\S]*?)```/g)) {
    const value = parse(block ?? "");
    if (value !== undefined) return value;
  }
  // Each place where JSON could begin is tried once with its matching end: linear, at most 50 places.
  let from = 0;
  for (let tried = 0; tried < 50; tried += 1) {
    const start = text.slice(from).search(/[{[]/);
    if (start < 0) return undefined;
    const end = findEnd(text, from + start);
    const value = end === null ? undefined : parse(text.slice(from + start, end));
    if (value !== undefined) return value;
    from += start + 1;
  }
  return undefined;
}

function findEnd(text: string, start: number): number | null {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char === "\\") at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return null;
}

const parse = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};

const toSentence = (errors: ErrorObject[]): string => {
  const said = errors.slice(0, 5).map(({ instancePath, message, params, keyword }) => {
    const extra =
      keyword === "enum" ? ` (${params.allowedValues.slice(0, 12).map((each: unknown) => JSON.stringify(each)).join(", ")})`
      : keyword === "additionalProperties" ? ` ("${params.additionalProperty}")`
      : ""; // biome-ignore format: a table
    return `${instancePath || "the answer"} ${message}${extra}`;
  });
  return `${said.join("; ")}${errors.length > 5 ? `; and ${errors.length - 5} more` : ""}`;
};

const wrap = (schema: JsonObject): JsonObject => {
  const { $defs, definitions, $schema: _, ...inner } = schema;
  return {
    type: "object",
    properties: { answer: inner },
    required: ["answer"],
    additionalProperties: false,
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions }),
  };
};

const unwrap = (value: Json): Json | undefined =>
  isObject(value) && Object.keys(value).length === 1 && Object.hasOwn(value, "answer") ? value.answer : undefined;

const isObjectLike = (schema: JsonObject): boolean =>
  schema.type === undefined && (isObject(schema.properties) || Array.isArray(schema.required));

/** OpenAI's rule for `strict: true`. https://platform.openai.com/docs/guides/structured-outputs (read 2026-11) */
function isStrict(schema: Json | undefined): boolean {
  if (!isObject(schema)) return schema !== true && schema !== undefined;
  if (LOOSE.some((keyword) => Object.hasOwn(schema, keyword))) return false;
  if (schema.type === "object" || schema.properties !== undefined) {
    if (!isObject(schema.properties) || schema.additionalProperties !== false) return false;
    const required = Array.isArray(schema.required) ? schema.required : [];
    if (!Object.keys(schema.properties).every((name) => required.includes(name))) return false;
    if (!Object.values(schema.properties).every(isStrict)) return false;
  }
  if (schema.type === "array" && !isStrict(schema.items)) return false;
  const inner = [schema.anyOf, Object.values((schema.$defs ?? {}) as JsonObject)].filter(Array.isArray).flat();
  return inner.every((each) => isStrict(each));
}

const LOOSE = ["oneOf", "allOf", "not", "if", "patternProperties", "prefixItems", "contains", "propertyNames"];

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
