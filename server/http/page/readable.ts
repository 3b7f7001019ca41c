import type { Cost } from "@regent/contract";

/** `340ms`, `3.2s`, `14m 12s`, `2h 05m`, `3d 4h`. */
export function toDuration(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)}s`;
  const seconds = Math.round(ms / 1_000);
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3_600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${String(minutes).padStart(2, "0")}m`;
  return `${minutes}m ${String(seconds % 60).padStart(2, "0")}s`;
}

/** `2m ago`, `in 3h`. */
export function toAgo(moment: string | null, now: number): string {
  if (moment === null) return "–";
  const ms = now - Date.parse(moment);
  if (Math.abs(ms) < 1_000) return "now";
  const size = toDuration(Math.abs(ms)).split(" ")[0]!.replace(/\.\d+/, "");
  return ms > 0 ? `${size} ago` : `in ${size}`;
}

/** Two decimals, four below one cent; tokens alone where no price is known. */
export function toCostText(cost: Cost): string {
  if (cost.tokens === 0 && !cost.usd) return "–";
  if (cost.usd === null) return "unpriced";
  if (cost.usd === 0) return "$0";
  return `$${cost.usd.toFixed(cost.usd < 0.01 ? 4 : 2)}`;
}

export const toCount = (n: number): string =>
  n < 1_000
    ? String(n)
    : n < 1_000_000
      ? `${(n / 1_000).toFixed(n < 10_000 ? 1 : 0)}k`
      : `${(n / 1_000_000).toFixed(1)}M`;

const NUMBERS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

/** `Two runs are`, `One run is`. */
export const toCountText = (n: number, one: string, many: string): string =>
  `${NUMBERS[n] ?? String(n)} ${n === 1 ? one : many}`;

/** What people read of a status. */
export const toWord = (status: string): string => {
  const words = status.replace("_", " ");
  return words[0]!.toUpperCase() + words.slice(1);
};

/** A value as text for people: text as it is, everything else as JSON; cut where it gets too long for a page. */
export function toValueText(value: unknown, charactersMax = 20_000): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
  return text.length <= charactersMax
    ? text
    : `${text.slice(0, charactersMax)}\n… ${text.length - charactersMax} more characters`;
}
