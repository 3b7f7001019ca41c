import {
  type Expression,
  type Json,
  type Money,
  nearest,
  parseDuration,
  parseMoney,
  type RunBudget,
  type Template,
  toMicros,
} from "@regent/contract";
import { ExpressionError, type Expressions } from "#expressions";
import type { Found, References } from "./references.ts";
import type { Report } from "./report.ts";
import type { Path } from "./yaml-document.ts";

/** What is needed to make a canonical definition of a document, and where what is wrong goes. */
export interface Making {
  report: Report;
  expressions: Expressions;
  references: References;
  currency: string;
  timezone: string;
}

type Map = { [key: string]: Json };

/** Notes a free name of an expression; its place in the text is looked for when something is to be said about it. */
export type NoteName = (name: string, path: Path, offset: () => number) => void;

/** A whole text as an expression; `${x}` around all of it is taken off. Undefined when it is none: that is reported. */
export function makeExpression(making: Making, text: string, path: Path, note: NoteName): Expression | undefined {
  const wrapped = /^\s*\$\{([\s\S]*)\}\s*$/.exec(text);
  const inner = wrapped !== null && !wrapped[1]!.includes("${") ? wrapped[1]! : text;
  try {
    const made = making.expressions.parse(inner);
    for (const field of making.expressions.fields(inner, "inputs", "expression"))
      note(`inputs.${field}`, path, () => 0);
    for (const name of making.expressions.names(inner)) {
      note(name, path, () => Math.max(0, text.search(new RegExp(`\\b${name}\\b`))));
    }
    return made;
  } catch (error) {
    reportExpression(making, error, path, text.indexOf(inner));
    return undefined;
  }
}

/** Any value, with every `${…}` in it made canonical. */
export function makeTemplate(making: Making, value: Json, path: Path, note: NoteName): Template {
  if (typeof value === "string") return makeTemplateText(making, value, path, note);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item, i) => makeTemplate(making, item, [...path, i], note));
  const made: Map = {};
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(made, key, {
      value: makeTemplate(making, item, [...path, key], note),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return made;
}

function makeTemplateText(making: Making, text: string, path: Path, note: NoteName): Template {
  if (!text.includes("${")) return text;
  try {
    const made = making.expressions.parseTemplate(text);
    for (const field of making.expressions.fields(text, "inputs", "template")) note(`inputs.${field}`, path, () => 0);
    for (const name of making.expressions.templateNames(text)) {
      note(name, path, () => Math.max(0, text.search(new RegExp(`\\$\\{[^}]*?\\b${name}\\b`))));
    }
    return made;
  } catch (error) {
    reportExpression(making, error, path, 0);
    return text;
  }
}

function reportExpression(making: Making, error: unknown, path: Path, base: number): void {
  if (!(error instanceof ExpressionError)) throw error;
  making.report.error(path, error.message, null, { offset: Math.max(0, base) + error.offset });
}

export const makeDuration = (text: Json | undefined): number | undefined =>
  typeof text === "string" ? parseDuration(text) : undefined;

/** `$4.99`, `4.99 EUR`, or a number in the company's currency. */
export function makeMoney(making: Making, value: Json | undefined): Money | undefined {
  if (typeof value === "number") return toMicros(value.toFixed(6), making.currency);
  return typeof value === "string" ? parseMoney(value) : undefined;
}

/** The canonical name of what is referred to. Unknown names are errors; what is known and absent is a warning. */
export function resolve(
  making: Making,
  found: Found,
  what: string,
  name: string,
  path: Path,
): { is: string; missing: string[] } {
  if ("unknown" in found) {
    making.report.error(path, `Unknown ${what} "${name}".`, found.nearest);
    return { is: name, missing: [] };
  }
  if (found.missing.length > 0)
    making.report.warn(path, `"${name}" loads, but this is missing: ${found.missing.join("; ")}.`);
  if (found.note !== undefined) making.report.warn(path, found.note);
  return { is: found.is, missing: found.missing };
}

export const isMap = (value: Json | undefined): value is Map =>
  value !== null && typeof value === "object" && !Array.isArray(value);

export const toList = (value: Json | undefined): Json[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];

export const nearestOf = (name: string, known: Iterable<string>): string | null => nearest(name, known) ?? null;

/** Absent keys stay absent: a digest must not depend on how absence is written. */
export const optional = <Key extends string>(key: Key, value: unknown): Record<string, unknown> =>
  value === undefined || value === null ? {} : { [key]: value };

export function makeBudget(
  making: Making,
  source: Json | undefined,
  onBudget: Json | undefined,
): RunBudget | undefined {
  if (!isMap(source) && onBudget === undefined) return undefined;
  const budget = isMap(source) ? source : {};
  return {
    ...optional("perRun", makeMoney(making, budget.per_run)),
    ...optional("durationMs", makeDuration(budget.duration)),
    ...optional("onBudget", budget.on_budget ?? onBudget),
  };
}
