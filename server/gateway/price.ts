import type { Price } from "./catalog.ts";

/** Tokens as the provider counts them. `input` includes what was read from and written to its cache. */
export interface Usage {
  input: number;
  cacheRead: number;
  cacheWrite: number;
  /** Includes reasoning. */
  output: number;
}

/**
 * Nano-dollars of a call, rounded up once. Prices become whole millionths of a dollar per million tokens first, so
 * that all sums are of whole numbers: ten million tokens at 50 dollars a million are 5e14, far below 2^53.
 */
export function toNanos(usage: Usage, price: Price): number {
  const rates = price.over && usage.input > price.over.tokens ? price.over : price;
  const cacheRead = Math.min(usage.cacheRead, usage.input);
  const cacheWrite = Math.min(usage.cacheWrite, usage.input - cacheRead);
  const plain = usage.input - cacheRead - cacheWrite;
  const sum =
    plain * toMicros(rates.input) +
    cacheRead * toMicros(rates.cacheRead ?? rates.input) +
    cacheWrite * toMicros(rates.cacheWrite ?? rates.input) +
    usage.output * toMicros(rates.output);
  return Math.ceil(sum / 1000);
}

/** The most that a call can cost whose prompt and answer are no longer than this. */
export const toNanosAtMost = (input: number, output: number, price: Price): number => {
  const rates = price.over && input > price.over.tokens ? price.over : price;
  const inputRate = Math.max(rates.input, rates.cacheRead ?? 0, rates.cacheWrite ?? 0);
  return Math.ceil((input * toMicros(inputRate) + output * toMicros(rates.output)) / 1000);
};

/** How many tokens of an answer fit into an amount beside the prompt. */
export const toOutputThatFits = (input: number, nanos: number, price: Price): number => {
  const rates = price.over && input > price.over.tokens ? price.over : price;
  const left = nanos - toNanosAtMost(input, 0, price);
  if (left <= 0) return 0;
  return rates.output === 0 ? Number.MAX_SAFE_INTEGER : Math.floor((left * 1000) / toMicros(rates.output));
};

// Up, never down: a price of a tenth of a millionth must not become nothing.
const toMicros = (usd: number): number => Math.ceil(Number((usd * 1e6).toFixed(3)));
