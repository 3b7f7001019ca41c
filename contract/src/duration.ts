import { z } from "zod";

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `2s`, `30m`, `24h`, `7d`. */
export const Duration = z
  .string()
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, "a duration like 500ms, 2s, 30m, 24h or 7d")
  .meta({ id: "duration" });
export type Duration = z.infer<typeof Duration>;

/** Milliseconds of a duration that `Duration` has accepted. */
export function toMilliseconds(duration: Duration): number {
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(duration)!;
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}
