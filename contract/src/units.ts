import type { Money } from "./money.ts";

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const TEN_YEARS_MS = 10 * 366 * UNIT_MS.d!;

/** `500ms`, `2s`, `30m`, `1h30m`, `7d` as whole milliseconds; undefined when it is none, or longer than ten years. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 40 || !DURATION.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) ms += Number(amount) * UNIT_MS[unit!]!;
  return ms <= TEN_YEARS_MS ? Math.round(ms) : undefined;
}

/** The shortest spelling that `parseDuration` reads back: `90000` is `90s`, `3600000` is `1h`. */
export function formatDuration(ms: number): string {
  for (const unit of ["d", "h", "m", "s"])
    if (ms !== 0 && ms % UNIT_MS[unit]! === 0) return `${ms / UNIT_MS[unit]!}${unit}`;
  return `${ms}ms`;
}

const MONEY = /^(-?)(?:([$€£])\s?(\d[\d_,]*(?:\.\d{1,6})?)|(\d[\d_,]*(?:\.\d{1,6})?)\s([A-Z]{3}))$/;
const CURRENCY: Record<string, string> = { $: "USD", "€": "EUR", "£": "GBP" };

/** `$4.99`, `4.99 EUR`, `€5` as exact micro-units, at most six decimals; undefined when it is none. */
export function parseMoney(text: string): Money | undefined {
  if (text.length > 40) return undefined;
  const match = MONEY.exec(text);
  if (match === null) return undefined;
  const [, sign, symbol, before, after, code] = match;
  return toMicros(
    `${sign}${(before ?? after)!.replace(/[_,]/g, "")}`,
    symbol === undefined ? code! : CURRENCY[symbol]!,
  );
}

/** A decimal text such as `0.10` in a currency; undefined when it has more than six decimals or is too large. */
export function toMicros(decimal: string, currency: string): Money | undefined {
  const match = /^(-?)(\d+)(?:\.(\d{0,6}))?$/.exec(decimal);
  if (match === null) return undefined;
  const micros = Number(`${match[1]}${match[2]}${(match[3] ?? "").padEnd(6, "0")}`);
  return Number.isSafeInteger(micros) ? { micros: micros === 0 ? 0 : micros, currency } : undefined;
}

const SIZE_BYTES: Record<string, number> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40, // biome-ignore format: one table
};

/** `512MB`, `1.5 GiB` in bytes; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s?([KMGT]i?B|B)$/.exec(text);
  return match === null ? undefined : Math.round(Number(match[1]) * SIZE_BYTES[match[2]!]!);
}
