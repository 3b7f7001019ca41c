import { Failed, type Meter } from "./meter.ts";
import type { BinaryOperator } from "./syntax.ts";
import { Amount, isMap, Maybe, Moment, Span, typeOf, type Value } from "./values.ts";

/** What an operator or function may ask about the place that calls it. */
export interface Context {
  meter: Meter;
  source(): string;
  operand(i: number): string;
}

/** @throws Failed */
export function calculate(operator: BinaryOperator, left: Value, right: Value, context: Context): Value {
  switch (operator) {
    case "==":
      return isEqual(left, right, context.meter);
    case "!=":
      return !isEqual(left, right, context.meter);
    case "<":
      return compare(left, right, operator, context) < 0;
    case "<=":
      return compare(left, right, operator, context) <= 0;
    case ">":
      return compare(left, right, operator, context) > 0;
    case ">=":
      return compare(left, right, operator, context) >= 0;
    case "in":
      return isIn(left, right, context);
    case "+":
      return add(left, right, context);
    case "-":
      return subtract(left, right, context);
    case "*":
      return multiply(left, right, context);
    case "/":
      return divide(left, right, context);
    case "%":
      return remainder(left, right, context);
  }
}

/** By value, and false between different types, as CEL has it. */
export function isEqual(left: Value, right: Value, meter: Meter): boolean {
  meter.spend(1);
  if (typeof left === "string" && typeof right === "string") meter.spendText(Math.min(left.length, right.length));
  if (left === right) return true;
  if (left === null || right === null || typeof left !== "object" || typeof right !== "object") return false;
  const [a, b] = [toAmount(left), toAmount(right)];
  if (a !== undefined && b !== undefined) return a.micros === b.micros && a.currency === b.currency;
  if (left instanceof Moment || left instanceof Span)
    return typeOf(left) === typeOf(right) && left.ms === (right as Span).ms;
  if (left instanceof Maybe && right instanceof Maybe) return isEqual(left.value ?? null, right.value ?? null, meter);
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, i) => isEqual(item, right[i]!, meter));
  }
  if (!isMap(left) || !isMap(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key]!, right[key]!, meter));
}

function compare(left: Value, right: Value, operator: string, context: Context): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "string" && typeof right === "string") {
    context.meter.spendText(Math.min(left.length, right.length));
    return left < right ? -1 : left > right ? 1 : 0;
  }
  if (left instanceof Moment && right instanceof Moment) return left.ms - right.ms;
  if (left instanceof Span && right instanceof Span) return left.ms - right.ms;
  const [a, b] = [toAmount(left), toAmount(right)];
  if (a !== undefined && b !== undefined) return sameCurrency(a, b, context).micros - b.micros;
  throw doNotFit(left, right, operator, context);
}

function isIn(left: Value, right: Value, context: Context): boolean {
  if (Array.isArray(right)) return right.some((item) => isEqual(left, item, context.meter));
  if (isMap(right) && typeof left === "string") return Object.hasOwn(right, left);
  if (typeof right === "string")
    throw new Failed(`\`${context.operand(1)}\` is text: write ${context.operand(1)}.contains(${context.operand(0)})`);
  throw doNotFit(left, right, "in", context);
}

function add(left: Value, right: Value, context: Context): Value {
  if (typeof left === "number" && typeof right === "number") return finite(left + right, context);
  if (typeof left === "string" && typeof right === "string") {
    context.meter.makeText(left.length + right.length);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    context.meter.makeList(left.length + right.length);
    return [...left, ...right];
  }
  if (left instanceof Moment && right instanceof Span) return moment(left.ms + right.ms, context);
  if (left instanceof Span && right instanceof Moment) return moment(left.ms + right.ms, context);
  if (left instanceof Span && right instanceof Span) return new Span(left.ms + right.ms);
  const [a, b] = [toAmount(left), toAmount(right)];
  if (a !== undefined && b !== undefined)
    return amount(sameCurrency(a, b, context).micros + b.micros, a.currency, context);
  throw doNotFit(left, right, "+", context);
}

function subtract(left: Value, right: Value, context: Context): Value {
  if (typeof left === "number" && typeof right === "number") return finite(left - right, context);
  if (left instanceof Moment && right instanceof Moment) return new Span(left.ms - right.ms);
  if (left instanceof Moment && right instanceof Span) return moment(left.ms - right.ms, context);
  if (left instanceof Span && right instanceof Span) return new Span(left.ms - right.ms);
  if (left === 0 && right instanceof Span) return new Span(-right.ms);
  const [a, b] = [toAmount(left), toAmount(right)];
  if (left === 0 && b !== undefined) return amount(-b.micros, b.currency, context);
  if (a !== undefined && b !== undefined)
    return amount(sameCurrency(a, b, context).micros - b.micros, a.currency, context);
  throw doNotFit(left, right, "-", context);
}

function multiply(left: Value, right: Value, context: Context): Value {
  if (typeof left === "number" && typeof right === "number") return finite(left * right, context);
  if (typeof left === "number" && right !== null && typeof right === "object") return multiply(right, left, context);
  const a = toAmount(left);
  if (a !== undefined && typeof right === "number") return amount(Math.round(a.micros * right), a.currency, context);
  if (left instanceof Span && typeof right === "number") return new Span(finite(Math.round(left.ms * right), context));
  throw doNotFit(left, right, "*", context);
}

function divide(left: Value, right: Value, context: Context): Value {
  if (right === 0) throw new Failed(`\`${context.operand(1)}\` is 0, and \`${context.source()}\` divides by it`);
  if (typeof left === "number" && typeof right === "number") return finite(left / right, context);
  const [a, b] = [toAmount(left), toAmount(right)];
  if (a !== undefined && typeof right === "number") return amount(Math.round(a.micros / right), a.currency, context);
  if (a !== undefined && b !== undefined) return finite(sameCurrency(a, b, context).micros / b.micros, context);
  if (left instanceof Span && right instanceof Span) return finite(left.ms / right.ms, context);
  if (left instanceof Span && typeof right === "number") return new Span(Math.round(left.ms / right));
  throw doNotFit(left, right, "/", context);
}

function remainder(left: Value, right: Value, context: Context): Value {
  if (typeof left !== "number" || typeof right !== "number") throw doNotFit(left, right, "%", context);
  if (right === 0) throw new Failed(`\`${context.operand(1)}\` is 0, and \`${context.source()}\` divides by it`);
  return left % right;
}

/** Money also arrives as `{ micros, currency }`, in inputs and in arguments of tools. */
export function toAmount(value: Value): Amount | undefined {
  if (value instanceof Amount) return value;
  if (!isMap(value) || Object.keys(value).length !== 2) return undefined;
  const { micros, currency } = value;
  const isMoney = Object.hasOwn(value, "micros") && Number.isSafeInteger(micros) && typeof currency === "string";
  return isMoney ? new Amount({ micros: micros as number, currency }) : undefined;
}

function sameCurrency(left: Amount, right: Amount, context: Context): Amount {
  if (left.currency === right.currency) return left;
  throw new Failed(`\`${context.source()}\` mixes ${left.currency} and ${right.currency}`);
}

function finite(value: number, context: Context): number {
  if (Number.isFinite(value)) return value;
  throw new Failed(`\`${context.source()}\` is too large a number`);
}

function amount(micros: number, currency: string, context: Context): Amount {
  if (Number.isSafeInteger(micros)) return new Amount({ micros: micros === 0 ? 0 : micros, currency });
  throw new Failed(`\`${context.source()}\` is too large an amount`);
}

// 0001-01-01 and 9999-12-31: what ISO 8601 with four digits can say.
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

export function moment(ms: number, context: Context): Moment {
  if (ms >= FIRST_MS && ms <= LAST_MS) return new Moment(ms);
  throw new Failed(`\`${context.source()}\` is no date of the years 1 to 9999`);
}

function doNotFit(left: Value, right: Value, operator: string, context: Context): Failed {
  const hint =
    operator === "+" && (typeof left === "string" || typeof right === "string")
      ? "; string(…) makes text of a value"
      : "";
  return new Failed(
    `\`${operator}\` does not fit: \`${context.operand(0)}\` is a ${typeOf(left)}, \`${context.operand(1)}\` a ${typeOf(right)}${hint}`,
  );
}
