import type { CatchUp } from "@regent/contract";
import { ticksBetween } from "./ticks.ts";

/** A tick that is at most this late was not missed: a restart or a busy moment is no downtime. */
const ON_TIME_MS = 30_000;
/** `all` makes up for at most this many; older ones are dropped, and that is said. */
export const CATCH_UP_MAX = 1_000;

/**
 * Which ticks of (doneUntil, now] fire. What is on time always does; of what was missed none, or the newest (unless a
 * newer one is on time), or all up to the bound.
 */
export function dueTicks(
  schedule: { cron: string; timezone: string; catchUp: CatchUp },
  doneUntilMs: number,
  nowMs: number,
): { ticks: number[]; dropped: boolean } {
  const due = ticksBetween(schedule.cron, schedule.timezone, doneUntilMs, nowMs, CATCH_UP_MAX + 1);
  const onTime = due.filter((tick) => tick >= nowMs - ON_TIME_MS);
  if (schedule.catchUp === "none") return { ticks: onTime, dropped: false };
  if (schedule.catchUp === "last") return { ticks: onTime.length > 0 ? onTime : due.slice(-1), dropped: false };
  return { ticks: due.slice(-CATCH_UP_MAX), dropped: due.length > CATCH_UP_MAX };
}
