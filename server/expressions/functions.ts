import { parseDuration, parseMoney, toMicros } from "@regent/contract";
import { Failed } from "./meter.ts";
import { type Context, calculate, isEqual, moment, toAmount } from "./operators.ts";
import { matchesRegex } from "./regex.ts";
import { momentMethods } from "./time.ts";
import { Amount, isMap, Maybe, Moment, Span, toJson, toText, typeOf, type Value } from "./values.ts";

type Call = (args: Value[], context: Context) => Value;
type Method<Receiver> = (receiver: Receiver, args: Value[], context: Context) => Value;

/** @throws Failed  also for a function that nobody knows */
export function callFunction(name: string, args: Value[], context: Context): Value {
  if (!Object.hasOwn(FUNCTIONS, name)) throw new Failed(`there is no function ${name}()`);
  return FUNCTIONS[name]!(args, context);
}

export const functionNames = (): string[] => Object.keys(FUNCTIONS);
export const methodNames = (): string[] =>
  [TEXT, LIST, MAP, SPAN, OPTIONAL, momentMethods].flatMap((methods) => Object.keys(methods));

/** @throws Failed */
export function callMethod(name: string, receiver: Value, args: Value[], context: Context): Value {
  const methods = methodsOf(receiver);
  if (methods !== undefined && Object.hasOwn(methods, name)) return methods[name]!(receiver as never, args, context);
  throw new Failed(`\`${context.operand(0)}\` is a ${typeOf(receiver)} and has no method ${name}()`);
}

function methodsOf(receiver: Value): Record<string, Method<never>> | undefined {
  if (typeof receiver === "string") return TEXT;
  if (Array.isArray(receiver)) return LIST;
  if (receiver instanceof Moment) return momentMethods;
  if (receiver instanceof Span) return SPAN;
  if (receiver instanceof Maybe) return OPTIONAL;
  return isMap(receiver) ? MAP : undefined;
}

const size = (value: Value, context: Context): number => {
  if (typeof value === "string") {
    context.meter.spendText(value.length);
    return [...value].length;
  }
  if (Array.isArray(value)) return value.length;
  if (isMap(value)) return Object.keys(value).length;
  throw wrong(context, 0, value, "a text, a list or a map");
};

const TEXT: Record<string, Method<string>> = {
  size: (text, _, context) => size(text, context),
  contains: (text, args, context) => scan(text, context).includes(textOf(args, 0, context)),
  startsWith: (text, args, context) => text.startsWith(textOf(args, 0, context)),
  endsWith: (text, args, context) => text.endsWith(textOf(args, 0, context)),
  indexOf: (text, args, context) => scan(text, context).indexOf(textOf(args, 0, context)),
  lastIndexOf: (text, args, context) => scan(text, context).lastIndexOf(textOf(args, 0, context)),
  lowerAscii: (text, _, context) => scan(text, context).replace(/[A-Z]/g, (char) => char.toLowerCase()),
  upperAscii: (text, _, context) => scan(text, context).replace(/[a-z]/g, (char) => char.toUpperCase()),
  trim: (text, _, context) => scan(text, context).trim(),
  matches: (text, args, context) => matchesRegex(textOf(args, 0, context), text, context.meter),
  substring: (text, args, context) => {
    const [from, to] = [numberOf(args, 0, context), args.length > 1 ? numberOf(args, 1, context) : text.length];
    context.meter.makeText(Math.max(0, Math.min(to, text.length) - from));
    return text.slice(Math.max(0, from), Math.max(0, to));
  },
  replace: (text, args, context) => {
    const [what, by] = [textOf(args, 0, context), textOf(args, 1, context)];
    const count = scan(text, context).split(what).length - 1;
    context.meter.makeText(text.length + count * Math.max(0, by.length - what.length));
    return text.replaceAll(what, () => by);
  },
  split: (text, args, context) => {
    const parts = scan(text, context).split(textOf(args, 0, context));
    context.meter.makeList(parts.length);
    return parts;
  },
};

const LIST: Record<string, Method<Value[]>> = {
  size: (list) => list.length,
  join: (list, args, context) => {
    const separator = args.length > 0 ? textOf(args, 0, context) : "";
    const texts = list.map((item) => toText(toJson(item)));
    context.meter.makeText(texts.reduce((sum, text) => sum + text.length + separator.length, 0));
    return texts.join(separator);
  },
  contains: (list, args, context) => list.some((item) => isEqual(item, args[0] ?? null, context.meter)),
  sum: (list, _, context) => list.reduce<Value>((sum, item) => calculate("+", sum, item, context), zeroFor(list)),
  min: (list, _, context) => best(list, "<", context),
  max: (list, _, context) => best(list, ">", context),
  distinct: (list, _, context) => {
    const seen: Value[] = [];
    for (const item of list) if (!seen.some((other) => isEqual(other, item, context.meter))) seen.push(item);
    return seen;
  },
  sort: (list, _, context) => {
    context.meter.makeList(list.length * 16);
    return list.toSorted((a, b) => (calculate("<", a, b, context) ? -1 : calculate(">", a, b, context) ? 1 : 0));
  },
  reverse: (list, _, context) => {
    context.meter.makeList(list.length);
    return list.toReversed();
  },
};

const MAP: Record<string, Method<{ [key: string]: Value }>> = {
  size: (map) => Object.keys(map).length,
  keys: (map) => Object.keys(map),
  values: (map) => Object.values(map),
};

const SPAN: Record<string, Method<Span>> = {
  getHours: (span) => Math.trunc(span.ms / 3_600_000),
  getMinutes: (span) => Math.trunc(span.ms / 60_000),
  getSeconds: (span) => Math.trunc(span.ms / 1_000),
  getMilliseconds: (span) => span.ms,
};

const OPTIONAL: Record<string, Method<Maybe>> = {
  hasValue: (maybe) => maybe.value !== undefined,
  or: (maybe, args) => (maybe.value === undefined ? (args[0] ?? null) : maybe),
  orValue: (maybe, args) => maybe.value ?? args[0] ?? null,
  value: (maybe, _, context) => {
    if (maybe.value === undefined) throw new Failed(`\`${context.operand(0)}\` has no value`);
    return maybe.value;
  },
};

const FUNCTIONS: Record<string, Call> = {
  size: ([value], context) => size(value ?? null, context),
  string: ([value], context) => {
    const text = toText(toJson(value ?? null));
    context.meter.makeText(text.length);
    return text;
  },
  double: ([value], context) => toNumber(value ?? null, context),
  int: ([value], context) => Math.trunc(toNumber(value ?? null, context)),
  uint: ([value], context) => Math.trunc(toNumber(value ?? null, context)),
  bool: ([value], context) => {
    if (typeof value === "boolean") return value;
    if (value === "true" || value === "false") return value === "true";
    throw wrong(context, 0, value ?? null, '"true" or "false"');
  },
  dyn: ([value]) => value ?? null,
  type: ([value]) => typeOf(value ?? null),
  abs: (args, context) => Math.abs(numberOf(args, 0, context)),
  round: (args, context) => round(numberOf(args, 0, context), args.length > 1 ? numberOf(args, 1, context) : 0),
  floor: (args, context) => Math.floor(numberOf(args, 0, context)),
  ceil: (args, context) => Math.ceil(numberOf(args, 0, context)),
  min: (args, context) => best(args.length === 1 && Array.isArray(args[0]) ? args[0] : args, "<", context),
  max: (args, context) => best(args.length === 1 && Array.isArray(args[0]) ? args[0] : args, ">", context),
  money: (args, context) => money(args, context),
  duration: ([value], context) => {
    if (value instanceof Span) return value;
    const ms = typeof value === "string" ? parseDuration(value.replace(/^-/, "")) : undefined;
    if (ms === undefined) throw wrong(context, 0, value ?? null, "a duration such as '30m'");
    return new Span((value as string).startsWith("-") ? -ms : ms);
  },
  timestamp: ([value], context) => timestamp(value ?? null, context),
  date: ([value], context) => timestamp(value ?? null, context),
  "optional.of": ([value]) => new Maybe(value ?? undefined),
  "optional.none": () => new Maybe(undefined),
};

function money(args: Value[], context: Context): Value {
  const [value, currency] = args;
  const given = toAmount(value ?? null);
  if (given !== undefined) return given;
  const made =
    typeof value === "number" && typeof currency === "string" && /^[A-Z]{3}$/.test(currency)
      ? toMicros(value.toFixed(6), currency)
      : typeof value === "string" ? parseMoney(value) : undefined; // biome-ignore format: one choice
  if (made === undefined)
    throw wrong(context, 0, value ?? null, "money such as '$500', '500 EUR', or a number and a currency");
  return new Amount(made);
}

// A text without a zone would mean another moment on another machine.
const ISO = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

function timestamp(value: Value, context: Context): Value {
  if (value instanceof Moment) return value;
  if (typeof value === "number") return moment(value * 1_000, context);
  const ms = typeof value === "string" && ISO.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw wrong(context, 0, value, "a date such as '2026-11-20' or '2026-11-20T08:00:00Z'");
  return moment(ms, context);
}

function toNumber(value: Value, context: Context): number {
  if (typeof value === "number") return value;
  if (value instanceof Moment) return value.ms / 1_000;
  if (typeof value === "string" && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) {
    const number = Number(value);
    if (Number.isFinite(number)) return number;
  }
  throw wrong(context, 0, value, "a number, or text that is one");
}

function best(list: Value[], operator: "<" | ">", context: Context): Value {
  if (list.length === 0) throw new Failed(`\`${context.source()}\` has nothing to choose from`);
  return list.reduce((chosen, item) => (calculate(operator, item, chosen, context) ? item : chosen));
}

function zeroFor(list: Value[]): Value {
  const amount = toAmount(list[0] ?? null);
  if (amount !== undefined) return new Amount({ micros: 0, currency: amount.currency });
  return list[0] instanceof Span ? new Span(0) : 0;
}

function round(value: number, digits: number): number {
  const scale = 10 ** Math.max(0, Math.min(12, Math.trunc(digits)));
  const scaled = Math.round(value * scale) / scale;
  return Number.isFinite(scaled) ? scaled : value;
}

const scan = (text: string, context: Context): string => {
  context.meter.spendText(text.length);
  return text;
};

function textOf(args: Value[], i: number, context: Context): string {
  const value = args[i] ?? null;
  if (typeof value === "string") return value;
  throw wrong(context, i + 1, value, "text");
}

function numberOf(args: Value[], i: number, context: Context): number {
  const value = args[i] ?? null;
  if (typeof value === "number") return value;
  throw wrong(context, i, value, "a number");
}

function wrong(context: Context, operand: number, value: Value, wanted: string): Failed {
  const which = typeOf(value) === "null" ? "null" : `a ${typeOf(value)}`;
  return new Failed(`\`${context.source()}\` needs ${wanted}, and ${named(context, operand)} is ${which}`);
}

/** The operand's own text, or its place where it was left out. */
function named(context: Context, operand: number): string {
  try {
    return `\`${context.operand(operand)}\``;
  } catch {
    return "what is given";
  }
}
