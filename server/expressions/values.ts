import { formatDuration, type Json, type Money } from "@regent/contract";

/** A point in time. Leaves an expression as ISO 8601 text. */
export class Moment {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
}

/** A length of time. Leaves an expression as text like `90s`. */
export class Span {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
}

/** Money in whole micro-units. Leaves an expression as `{ micros, currency }`. */
export class Amount {
  readonly micros: number;
  readonly currency: string;
  constructor({ micros, currency }: Money) {
    this.micros = micros;
    this.currency = currency;
  }
}

/** What `x.?y` gives: a value, or none. Leaves an expression as the value or null. */
export class Maybe {
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value === null ? undefined : value;
  }
}

export type ValueObject = { [key: string]: Value };
export type Value = null | boolean | number | string | Value[] | ValueObject | Moment | Span | Amount | Maybe;

export type TypeName =
  | "null"
  | "boolean"
  | "number"
  | "text"
  | "list"
  | "map"
  | "timestamp"
  | "duration"
  | "money"
  | "optional";

export function typeOf(value: Value): TypeName {
  if (value === null) return "null";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return "number";
  if (typeof value === "string") return "text";
  if (Array.isArray(value)) return "list";
  if (value instanceof Moment) return "timestamp";
  if (value instanceof Span) return "duration";
  if (value instanceof Amount) return "money";
  if (value instanceof Maybe) return "optional";
  return "map";
}

export const isMap = (value: Value): value is ValueObject => typeOf(value) === "map";

/** Own property only: names come from files and from models, and `constructor` must not resolve. */
export const getOwn = (map: object, key: string): Value =>
  Object.hasOwn(map, key) ? ((map as ValueObject)[key] ?? null) : null;

/** Sets a property by its name, also when the name is `__proto__`. */
export function setOwn<T>(map: { [key: string]: T }, key: string, value: T): void {
  if (key === "__proto__")
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  else map[key] = value;
}

/** Values that are JSON already are passed on, not copied: a large output that is only handed over costs nothing. */
export function toJson(value: Value): Json {
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Moment) return new Date(value.ms).toISOString();
  if (value instanceof Span) return value.ms < 0 ? `-${formatDuration(-value.ms)}` : formatDuration(value.ms);
  if (value instanceof Amount) return { micros: value.micros, currency: value.currency };
  if (value instanceof Maybe) return toJson(value.value ?? null);
  if (isJson(value)) return value as Json;
  if (Array.isArray(value)) return value.map(toJson);
  const map: { [key: string]: Json } = {};
  for (const [key, item] of Object.entries(value)) setOwn(map, key, toJson(item));
  return map;
}

function isJson(value: Value): boolean {
  if (value === null || typeof value !== "object") return true;
  if (Array.isArray(value)) return value.every(isJson);
  return typeOf(value) === "map" && Object.values(value).every(isJson);
}

/** As a piece of a longer text: nothing for null, JSON for lists and maps. */
export function toText(value: Json): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
