import { type Json, nearest } from "@regent/contract";
import type { z } from "zod";
import type { Report } from "./report.ts";
import type { Path } from "./yaml-document.ts";

/**
 * Checks a value against a schema of the contract, and reports what is wrong as people would say it: at the key or
 * value itself, with what was expected and the nearest valid choice. Keys that begin with `x-` are left alone.
 * Where a schema has alternatives, the one that was most probably meant is checked, so that an error is about the
 * stage that was written and not about all types of stages.
 */
export function checkShape(schema: z.ZodType, value: Json, path: Path, report: Report): void {
  const def = definitionOf(schema);
  switch (def.type) {
    case "unknown":
      return;
    case "optional":
    case "nullable":
      if (value === null && def.type === "nullable") return;
      checkShape(def.innerType!, value, path, report);
      return;
    case "lazy":
      checkShape(def.getter!(), value, path, report);
      return;
    case "union":
      checkUnion(schema, value, path, report);
      return;
    case "object":
      checkObject(schema, def, value, path, report);
      return;
    case "record":
      checkRecord(schema, def, value, path, report);
      return;
    case "array":
      checkArray(schema, def, value, path, report);
      return;
    default:
      if (!schema.safeParse(value).success) expect(schema, value, path, report);
  }
}

interface Definition {
  type: string;
  innerType?: z.ZodType;
  getter?: () => z.ZodType;
  options?: z.ZodType[];
  shape?: Record<string, z.ZodType>;
  catchall?: z.ZodType;
  valueType?: z.ZodType;
  element?: z.ZodType;
  entries?: Record<string, string>;
  values?: unknown[];
}

const definitionOf = (schema: z.ZodType): Definition => (schema as unknown as { _zod: { def: Definition } })._zod.def;

function checkObject(schema: z.ZodType, def: Definition, value: Json, path: Path, report: Report): void {
  if (!isMap(value)) {
    expect(schema, value, path, report);
    return;
  }
  const { shape = {}, catchall } = def;
  const isClosed = catchall !== undefined && definitionOf(catchall).type === "never";
  const free = Object.keys(shape).filter((key) => !Object.hasOwn(value, key));
  const meant = new Set<string>();
  for (const [key, item] of Object.entries(value)) {
    if (Object.hasOwn(shape, key)) checkShape(shape[key]!, item, [...path, key], report);
    else if (isClosed && !key.startsWith("x-")) {
      const near = report.isFull ? undefined : nearest(key, free);
      if (near !== undefined) meant.add(near);
      const message = `Unknown key "${key}"${inside(schema)}; known are ${Object.keys(shape).join(", ")}.`;
      report.error([...path, key], message, near ?? null, "key");
    }
  }
  for (const key of free) {
    const part = shape[key]!;
    // A misspelled key is one mistake, not two.
    if (isOptional(part) || meant.has(key)) continue;
    const { type, values } = definitionOf(part);
    const suggestion = type === "literal" ? `${key}: ${values?.[0]}` : `${key}: …`;
    report.error(path, `"${key}" is missing${inside(schema)}: ${describe(part)}.`, suggestion, "key");
  }
}

function checkRecord(schema: z.ZodType, { valueType }: Definition, value: Json, path: Path, report: Report): void {
  if (!isMap(value)) {
    expect(schema, value, path, report);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    if (!key.startsWith("x-")) checkShape(valueType!, item, [...path, key], report);
  }
}

function checkArray(schema: z.ZodType, { element }: Definition, value: Json, path: Path, report: Report): void {
  if (!Array.isArray(value)) {
    expect(schema, value, path, report);
    return;
  }
  if (value.length === 0 && !schema.safeParse(value).success) report.error(path, "This list must not be empty.");
  for (const [i, item] of value.entries()) checkShape(element!, item, [...path, i], report);
}

function checkUnion(schema: z.ZodType, value: Json, path: Path, report: Report): void {
  const { options, byType } = alternativesOf(schema);
  // The common case at once: a stage that names its type.
  const named = isMap(value) && typeof value.type === "string" ? byType.get(value.type) : undefined;
  if (named !== undefined) {
    checkShape(named, value, path, report);
    return;
  }
  const fitting = options.filter((option) => fits(option, value));
  const [only, second] = fitting;
  if (only === undefined) {
    expect(schema, value, path, report);
    return;
  }
  if (second === undefined) {
    checkShape(only, value, path, report);
    return;
  }
  if (!isMap(value)) {
    if (!fitting.some((option) => option.safeParse(value).success)) expect(schema, value, path, report);
    return;
  }
  if (byType.size === fitting.length && value.type !== undefined) {
    const meant = typeof value.type === "string" ? nearest(value.type, byType.keys()) : undefined;
    const message = `Unknown type ${show(value.type)}; known are ${[...byType.keys()].join(", ")}.`;
    report.error([...path, "type"], message, meant ?? null);
    return;
  }
  checkShape(mostProbable(fitting, value), value, path, report);
}

interface Alternatives {
  options: z.ZodType[];
  byType: Map<string, z.ZodType>;
}

const alternatives = new WeakMap<z.ZodType, Alternatives>();

function alternativesOf(schema: z.ZodType): Alternatives {
  const known = alternatives.get(schema);
  if (known !== undefined) return known;
  const options = flatten(schema);
  const byType = new Map(options.flatMap((option) => literalTypes(option).map((type) => [type, option] as const)));
  const made = { options, byType };
  alternatives.set(schema, made);
  return made;
}

function mostProbable(options: z.ZodType[], value: { [key: string]: Json }): z.ZodType {
  const exact = options.find((option) => hasExactlyTheKeys(option, value));
  if (exact !== undefined) return exact;
  let best = options[0]!;
  let most = Number.NEGATIVE_INFINITY;
  for (const option of options) {
    const points = score(option, value);
    if (points > most) [best, most] = [option, points];
  }
  return best;
}

function flatten(schema: z.ZodType): z.ZodType[] {
  const { type, options, innerType, getter } = definitionOf(schema);
  if (type === "union") return options!.flatMap(flatten);
  if (type === "lazy") return flatten(getter!());
  if (type === "optional" || type === "nullable") return flatten(innerType!);
  return [schema];
}

function literalTypes(option: z.ZodType): string[] {
  const part = definitionOf(option).shape?.type;
  if (part === undefined) return [];
  const inner = definitionOf(part).type === "optional" ? definitionOf(part).innerType! : part;
  return definitionOf(inner).type === "literal" ? (definitionOf(inner).values as string[]) : [];
}

function hasExactlyTheKeys(option: z.ZodType, value: { [key: string]: Json }): boolean {
  const { type, shape } = definitionOf(option);
  if (type !== "object" || shape === undefined) return false;
  const isKnown = (key: string): boolean => Object.hasOwn(shape, key) || key.startsWith("x-");
  return (
    Object.keys(value).every(isKnown) &&
    Object.keys(shape).every((key) => Object.hasOwn(value, key) || isOptional(shape[key]!))
  );
}

/** How probably this alternative was meant: its keys are there or nearly so, and none is foreign to it. */
function score(option: z.ZodType, value: { [key: string]: Json }): number {
  const { type, shape } = definitionOf(option);
  if (type !== "object" || shape === undefined) return 0;
  const keys = Object.keys(value);
  const foreign = keys.filter((key) => !Object.hasOwn(shape, key) && !key.startsWith("x-"));
  let total = keys.length - 3 * foreign.length;
  if (shape.type !== undefined && !isOptional(shape.type)) total -= 5;
  for (const [key, part] of Object.entries(shape)) {
    if (key === "type" || isOptional(part)) continue;
    if (Object.hasOwn(value, key)) total += 8;
    else total += foreign.slice(0, 10).some((other) => nearest(other, [key]) !== undefined) ? 4 : -4;
  }
  return total;
}

function fits(schema: z.ZodType, value: Json): boolean {
  switch (definitionOf(schema).type) {
    case "object":
    case "record":
      return isMap(value);
    case "array":
      return Array.isArray(value);
    case "string":
    case "enum":
      return typeof value === "string";
    case "number":
    case "int":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "null":
      return value === null;
    default:
      return true;
  }
}

const isOptional = (schema: z.ZodType): boolean => definitionOf(schema).type === "optional";
const isMap = (value: Json | undefined): value is { [key: string]: Json } =>
  value !== null && typeof value === "object" && !Array.isArray(value);

function expect(schema: z.ZodType, value: Json, path: Path, report: Report): void {
  const choices = Object.values(definitionOf(schema).entries ?? {});
  const meant = typeof value === "string" && choices.length > 0 ? nearest(value, choices) : undefined;
  report.error(path, `Expected ${describe(schema)}, found ${show(value)}.`, meant ?? null);
}

const PLAIN: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  record: "a map",
  object: "a map", // biome-ignore format: one table
};

function describe(schema: z.ZodType): string {
  const { type, entries, values, innerType, options, getter, element } = definitionOf(schema);
  const description = schema.meta()?.description;
  if (description !== undefined) return description;
  if (type === "enum") return `one of ${Object.values(entries!).join(", ")}`;
  if (type === "literal") return values!.map(String).join(" or ");
  if (type === "optional" || type === "nullable") return describe(innerType!);
  if (type === "lazy") return describe(getter!());
  if (type === "union") return [...new Set(options!.map(describe))].join(", or ");
  if (type === "array") return `a list (${describe(element!)})`;
  return PLAIN[type] ?? "another value";
}

function inside(schema: z.ZodType): string {
  const description = schema.meta()?.description;
  return description === undefined ? "" : ` in ${description.split(/ such as |: |, /)[0]}`;
}

function show(value: Json): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}
