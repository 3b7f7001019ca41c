import { Failed } from "./meter.ts";
import type { Context } from "./operators.ts";
import type { Moment, Value } from "./values.ts";

/** Parts of a moment, in UTC or in a named time zone; never in the zone of the machine. */
export const momentMethods: Record<string, (moment: Moment, args: Value[], context: Context) => Value> = {
  getFullYear: (moment, args) => wallClock(moment, args).getUTCFullYear(),
  getMonth: (moment, args) => wallClock(moment, args).getUTCMonth(),
  getDate: (moment, args) => wallClock(moment, args).getUTCDate(),
  getDayOfMonth: (moment, args) => wallClock(moment, args).getUTCDate() - 1,
  getDayOfWeek: (moment, args) => wallClock(moment, args).getUTCDay(),
  getDayOfYear: (moment, args) => {
    const date = wallClock(moment, args);
    return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000);
  },
  getHours: (moment, args) => wallClock(moment, args).getUTCHours(),
  getMinutes: (moment, args) => wallClock(moment, args).getUTCMinutes(),
  getSeconds: (moment, args) => wallClock(moment, args).getUTCSeconds(),
  getMilliseconds: (moment, args) => wallClock(moment, args).getUTCMilliseconds(),
};

/** A date whose UTC parts are what a clock on the wall of that zone shows. */
function wallClock(moment: Moment, [zone]: Value[]): Date {
  if (zone === undefined || zone === "UTC") return new Date(moment.ms);
  if (typeof zone !== "string") throw new Failed("a time zone is a text such as 'Europe/Berlin'");
  const parts = Object.fromEntries(
    formatIn(zone)
      .formatToParts(moment.ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year, month, day, hour, minute, second } = parts as Record<string, number>;
  return new Date(
    Date.UTC(year!, month! - 1, day!, hour!, minute!, second!, moment.ms - Math.floor(moment.ms / 1_000) * 1_000),
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    if (formats.size < 1_000) formats.set(timeZone, format);
    return format;
  } catch {
    throw new Failed(`there is no time zone ${JSON.stringify(timeZone)}`);
  }
}
