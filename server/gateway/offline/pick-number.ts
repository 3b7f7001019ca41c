import type { Json, JsonObject } from "@regent/contract";
import type { Asked } from "./choose-option.ts";
import type { Prompt } from "./read-prompt.ts";
import { readTable } from "./table.ts";

/** A number that stands beside the name in the text, else a count of what the name speaks of, else the smallest. */
export function pickNumber(schema: JsonObject, place: Asked, prompt: Prompt, fact?: Json): number | undefined {
  const range = toRange(schema);
  if (range.least > range.most) return undefined;
  const candidates = [fact, fromTable(place), nextToName(place), share(place, range), count(place, prompt)];
  for (const candidate of candidates) {
    const fitted = typeof candidate === "number" ? toNearest(candidate, range) : undefined;
    if (fitted !== undefined && fitted === candidate) return fitted;
  }
  return toNearest(Math.min(Math.max(0, range.least), range.most), range);
}

interface Range {
  least: number;
  most: number;
  above: number;
  below: number;
  step: number | null;
  integer: boolean;
}

function toRange(schema: JsonObject): Range {
  const number = (name: string, otherwise: number): number =>
    typeof schema[name] === "number" ? schema[name] : otherwise;
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  const integer = types.includes("integer") && !types.includes("number");
  const above = number("exclusiveMinimum", Number.NEGATIVE_INFINITY);
  const below = number("exclusiveMaximum", Number.POSITIVE_INFINITY);
  return {
    least: Math.max(number("minimum", -MOST), above),
    most: Math.min(number("maximum", MOST), below),
    ...{ above, below, integer },
    step: typeof schema.multipleOf === "number" && schema.multipleOf > 0 ? schema.multipleOf : null,
  };
}

const MOST = Number.MAX_SAFE_INTEGER;

/** The nearest allowed number, or undefined when there is none. */
function toNearest(value: number, range: Range): number | undefined {
  const step = range.step ?? (range.integer ? 1 : null);
  const inside = (number: number): boolean =>
    number >= range.least && number <= range.most && number > range.above && number < range.below &&
    (!range.integer || Number.isInteger(number)) && (range.step === null || isMultiple(number, range.step)); // biome-ignore format: one condition
  if (inside(value)) return value;
  if (step === null) {
    const middle = middleOf(range);
    return inside(middle) ? middle : undefined;
  }
  const near = Math.round(value / step);
  const bounds = [Math.ceil(range.least / step), Math.floor(range.most / step)];
  const tried = [near, ...bounds.flatMap((bound) => [bound, bound + 1, bound - 1, bound + 2, bound - 2])];
  for (let more = 1; more <= 20; more += 1) tried.push(near + more, near - more);
  return tried.map((times) => tidy(times * step)).find(inside);
}

function middleOf(range: Range): number {
  if (range.least > -MOST && range.most < MOST) return (range.least + range.most) / 2;
  if (range.least > -MOST) return range.least + 1;
  return range.most - 1;
}

/** 0.1 * 3 is not 0.3 in doubles. */
const tidy = (value: number): number => Number(value.toPrecision(15));

// As the validator decides: the quotient must be whole.
const isMultiple = (value: number, step: number): boolean => Number.isInteger(value / step);

/** `total_amount` of a table with a column `amount` is its sum. */
function fromTable({ name, text }: Asked): number | undefined {
  const table = readTable(text);
  if (!table) return undefined;
  const key = name.toLowerCase();
  if (/^(rows|row_?count|count|number_of_(rows|entries|records|orders))$/.test(key)) return table.rows.length;
  const figure = table.figures.find(({ column }) => key.includes(column.toLowerCase().replace(/\s/g, "_")));
  const meant = figure ?? (/total|sum|revenue|amount/.test(key) ? table.figures.at(-1) : undefined);
  if (!meant) return undefined;
  if (/average|avg|mean/.test(key)) return round(meant.sum / meant.count);
  if (/max|highest|most/.test(key)) return meant.most;
  if (/min|lowest|least/.test(key)) return meant.least;
  return round(meant.sum);
}

function nextToName({ name, text }: Asked): number | undefined {
  const words = name
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .split(/[_\s-]+/)
    .filter((word) => word.length > 1);
  if (words.length === 0) return undefined;
  const escaped = words.map((word) => word.replace(/[^\p{L}\p{N}]/gu, "")).filter((word) => word !== "");
  const named = escaped.join("[\\s_-]*");
  const found = new RegExp(`\\b${named}\\b\\W{0,5}(-?\\d[\\d,]*(?:\\.\\d+)?)`, "iu").exec(text.slice(0, 200_000));
  return found?.[1] === undefined ? undefined : Number(found[1].replaceAll(",", ""));
}

/** A model that does not understand is sure of nothing: the middle. */
function share({ name }: Asked, range: Range): number | undefined {
  if (!/confidence|score|probability|likelihood|rating|quality/i.test(name)) return undefined;
  if (range.most >= MOST) return range.integer ? 50 : 0.5;
  const middle = middleOf(range);
  return range.integer ? Math.round(middle) : round(middle);
}

function count({ name, text }: Asked, _prompt: Prompt): number | undefined {
  if (/words?(_count)?$/i.test(name)) return (text.match(/\S+/g) ?? []).length;
  if (/lines?(_count)?$/i.test(name)) return text.split("\n").length;
  const found = /(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])/.exec(text.slice(0, 200_000))?.[0];
  return found === undefined ? undefined : Number(found.replaceAll(",", ""));
}

const round = (value: number): number => Math.round(value * 100) / 100;
