import {
  type InputField,
  type Json,
  type JsonObject,
  nearest,
  parseDuration,
  parseMoney,
  toMicros,
} from "@regent/contract";
import { toKebab } from "./identity.ts";

export interface CheckedInputs {
  /** Complete: defaults filled in, `null` for what was left out, products as objects with their id. */
  inputs: JsonObject;
  errors: { pointer: string; message: string }[];
}

/**
 * Checks a run's inputs against what the daemon declares. Pure.
 * @param names  what `pin` gives: `products` and `agents` by id, `company.currency`
 */
export function checkInputs(fields: readonly InputField[], given: JsonObject, names: JsonObject): CheckedInputs {
  const inputs: JsonObject = {};
  const errors: CheckedInputs["errors"] = [];
  const known = new Map(fields.map((field) => [field.name, field]));
  for (const name of Object.keys(given)) {
    if (known.has(name)) continue;
    const meant = nearest(name, known.keys());
    const hint = meant === undefined ? listOf([...known.keys()]) : ` Did you mean "${meant}"?`;
    errors.push({ pointer: toPointer(name), message: `There is no input "${name}".${hint}` });
  }
  for (const field of fields) {
    const isGiven = Object.hasOwn(given, field.name) && given[field.name] !== null && given[field.name] !== undefined;
    const value = isGiven ? given[field.name]! : (field.default ?? null);
    if (value === null) {
      inputs[field.name] = null;
      if (field.required)
        errors.push({ pointer: toPointer(field.name), message: `The input "${field.name}" is required.` });
      continue;
    }
    const checked = checkValue(field, value, names);
    if ("wrong" in checked)
      errors.push({ pointer: toPointer(field.name), message: `"${field.name}" must be ${checked.wrong}.` });
    else inputs[field.name] = checked.value;
  }
  return { inputs, errors };
}

const listOf = (names: string[]): string =>
  names.length === 0 ? " The daemon takes none." : ` Inputs are ${names.join(", ")}.`;
const toPointer = (name: string): string => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;

type Checked = { value: Json } | { wrong: string };

function checkValue(field: InputField, value: Json, names: JsonObject): Checked {
  const wrong = (expected: string): Checked => ({ wrong: `${expected}, not ${show(value)}` });
  switch (field.type) {
    case "string":
    case "text":
      if (typeof value !== "string") return wrong("text");
      return within(field, value.length, " characters") ?? { value };
    case "integer":
    case "number": {
      const number = toNumber(value);
      if (number === undefined) return wrong(field.type === "integer" ? "a whole number" : "a number");
      if (field.type === "integer" && !Number.isSafeInteger(number)) return wrong("a whole number");
      return within(field, number, "") ?? { value: number };
    }
    case "boolean":
      if (value === true || value === "true") return { value: true };
      if (value === false || value === "false") return { value: false };
      return wrong("true or false");
    case "enum":
      return field.options?.includes(value as string) ? { value } : wrong(`one of ${(field.options ?? []).join(", ")}`);
    case "date":
      return isDate(value) ? { value } : wrong("a date such as 2026-11-20");
    case "datetime":
      return isDateTime(value) ? { value } : wrong("a moment such as 2026-11-20T08:00:00Z");
    case "duration":
      return typeof value === "string" && parseDuration(value) !== undefined
        ? { value }
        : wrong("a duration such as 30m");
    case "money":
      return toMoney(value, names) ?? wrong("money such as $4.99 or 4.99 EUR");
    case "json":
      return { value };
    case "list":
      if (!Array.isArray(value)) return wrong("a list");
      return within(field, value.length, " items") ?? { value };
    case "file":
    case "folder":
      return toFile(value) ?? wrong(`an uploaded ${field.type} (its id or digest)`);
    case "product":
      return (
        toProduct(value, names) ??
        wrong(`a product of the company (${Object.keys(mapOf(names.products)).join(", ") || "it has none"})`)
      );
    case "agent": {
      const agents = mapOf(names.agents);
      const id = typeof value === "string" ? toKebab(value) : "";
      if (names.agents === undefined) return typeof value === "string" ? { value: id } : wrong("an agent's id");
      return Object.hasOwn(agents, id) ? { value: id } : wrong("an agent of the company");
    }
    case "secret":
      return typeof value === "string" && /^[A-Z][A-Z0-9_]{0,99}$/.test(value)
        ? { value }
        : { wrong: "the NAME of a secret in capitals, never its value" };
  }
}

function within({ min, max }: InputField, size: number, unit: string): Checked | undefined {
  if (min !== undefined && size < min) return { wrong: `at least ${min}${unit}, not ${size}` };
  if (max !== undefined && size > max) return { wrong: `at most ${max}${unit}, not ${size}` };
  return undefined;
}

/** Numbers also arrive as text, from the command line. */
function toNumber(value: Json): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || !/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function isDate(value: Json): boolean {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

const isDateTime = (value: Json): boolean =>
  typeof value === "string" &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
  isDate(value.slice(0, 10)) &&
  !Number.isNaN(Date.parse(value));

function toMoney(value: Json, names: JsonObject): Checked | undefined {
  const currency = mapOf(names.company).currency;
  const made =
    typeof value === "number" ? toMicros(value.toFixed(6), typeof currency === "string" ? currency : "USD")
    : typeof value === "string" ? parseMoney(value)
    : undefined; // biome-ignore format: one choice
  if (made !== undefined) return { value: { ...made } };
  const { micros, currency: code } = mapOf(value);
  const isMoney = Number.isSafeInteger(micros) && typeof code === "string" && /^[A-Z]{3}$/.test(code);
  return isMoney ? { value: { micros: micros!, currency: code } } : undefined;
}

function toFile(value: Json): Checked | undefined {
  const id = typeof value === "string" ? value : mapOf(value).id;
  const isFile = typeof id === "string" && /^(file_[0-9A-Za-z._-]{1,120}|sha256:[0-9a-f]{64})$/.test(id);
  return isFile ? { value } : undefined;
}

function toProduct(value: Json, names: JsonObject): Checked | undefined {
  const products = mapOf(names.products);
  const name = typeof value === "string" ? value : mapOf(value).id;
  if (typeof name !== "string") return undefined;
  const id = Object.hasOwn(products, name) ? name : toKebab(name);
  if (!Object.hasOwn(products, id)) return undefined;
  return { value: { ...mapOf(products[id]), id } };
}

const mapOf = (value: Json | undefined): JsonObject =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};

function show(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
