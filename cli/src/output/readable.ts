import type { Approval, Cost, Failure, RunStatus, StageStatus } from "@regent/contract";
import type { Colour, Paint } from "./paint.ts";
import { toPlain } from "./paint.ts";

/** `340ms`, `3.2s`, `14m 12s`, `2h 05m`, `3d 4h`. */
export function toDuration(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)}s`;
  const seconds = Math.round(ms / 1_000);
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${String(minutes).padStart(2, "0")}m`;
  return `${minutes}m ${String(seconds % 60).padStart(2, "0")}s`;
}

/** Two decimals, four below one cent; tokens alone where no price is known. */
export function toCostText(cost: Cost): string {
  if (cost.tokens === 0 && !cost.usd) return "–";
  if (cost.usd === null) return `${cost.tokens.toLocaleString("en-US")} tokens`;
  if (cost.usd === 0) return "$0";
  return `$${cost.usd.toFixed(cost.usd < 0.01 ? 4 : 2)}`;
}

/** `2m ago`, `in 3h`; the moment itself is in `--json`. */
export function toAgo(moment: string | null, now: number): string {
  if (moment === null) return "–";
  const ms = now - Date.parse(moment);
  const size = toDuration(Math.abs(ms)).split(" ")[0]!.replace(/\.\d+/, "");
  if (Math.abs(ms) < 1_000) return "now";
  return ms >= 0 ? `${size} ago` : `in ${size}`;
}

const COLOURS: Record<string, Colour> = {
  succeeded: "ok",
  running: "run",
  waiting: "wait",
  paused: "wait",
  failed: "fail",
  timed_out: "fail",
  cancelled: "quiet",
  skipped: "quiet",
  queued: "quiet",
  open: "wait",
  decided: "ok",
  expired: "quiet",
  withdrawn: "quiet",
};

const MARKS: Record<StageStatus, string> = {
  succeeded: "✓",
  running: "▸",
  waiting: "‖",
  paused: "‖",
  failed: "✗",
  timed_out: "✗",
  cancelled: "–",
  skipped: "–",
  queued: "·",
};

export const toStatusText = (paint: Paint, status: RunStatus | StageStatus | Approval["state"]): string =>
  paint(COLOURS[status] ?? "quiet", status.replace("_", " "));

export const toMark = (paint: Paint, status: StageStatus): string => paint(COLOURS[status]!, MARKS[status]);

export const toFailureText = (failure: Failure): string =>
  toPlain(`${failure.message}${failure.stage ? ` (stage ${failure.stage})` : ""}`);

/** An output for people: text as text, everything else as JSON. */
export const toValueText = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "–");

/** `812 B`, `3.4 MB`. */
export function toBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}
