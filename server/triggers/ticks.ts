/**
 * The moments of a cron expression, pure. Daylight saving as people expect it, by croner: a fixed time that does not
 * exist (02:30 in spring) fires once when the clock has jumped, one that exists twice (02:30 in autumn) fires once,
 * and patterns like every half hour fire at each real half hour.
 */
import { Cron } from "croner";

/** @throws when the expression or the timezone is not valid */
export function nextTick(cron: string, timezone: string, afterMs: number): number | null {
  return scheduleOf(cron, timezone).nextRun(new Date(afterMs))?.getTime() ?? null;
}

/** The newest `limit` ticks in (after, until], oldest first. */
export function ticksBetween(
  cron: string,
  timezone: string,
  afterMs: number,
  untilMs: number,
  limit: number,
): number[] {
  // Forward first: mostly there is one. 50 µs a tick.
  const ticks: number[] = [];
  for (let tick = nextTick(cron, timezone, afterMs); tick !== null && tick <= untilMs; ) {
    if (ticks.length === limit) return newestTicks(cron, timezone, untilMs, limit);
    ticks.push(tick);
    tick = nextTick(cron, timezone, tick);
  }
  return ticks;
}

/** croner's moments are whole seconds and lie strictly before its reference. */
function newestTicks(cron: string, timezone: string, untilMs: number, limit: number): number[] {
  const before = new Date((Math.floor(untilMs / 1_000) + 1) * 1_000);
  const ticks = scheduleOf(cron, timezone).previousRuns(limit, before) ?? [];
  return ticks.map((tick) => tick.getTime()).reverse();
}

const SCHEDULES_MAX = 2_000;
const schedules = new Map<string, Cron>();

function scheduleOf(cron: string, timezone: string): Cron {
  const key = `${timezone} ${cron}`;
  const known = schedules.get(key);
  if (known) return known;
  if (schedules.size >= SCHEDULES_MAX) schedules.clear();
  const schedule = new Cron(cron, { timezone, paused: true });
  schedules.set(key, schedule);
  return schedule;
}
