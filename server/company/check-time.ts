import type { Json } from "@regent/contract";
import { CronPattern } from "croner";
import type { Report } from "./report.ts";
import type { Path } from "./yaml-document.ts";

const crons = new Map<string, string | null>();

export function checkCron(report: Report, cron: string, path: Path): void {
  let why = crons.get(cron);
  if (why === undefined) {
    why = reasonAgainst(cron);
    if (crons.size < 1_000) crons.set(cron, why);
  }
  if (why === null) return;
  report.error(
    path,
    `"${cron}" is no cron line: ${why}.`,
    "five fields: minute hour day month weekday, such as 0 8 * * 1",
  );
}

function reasonAgainst(cron: string): string | null {
  try {
    new CronPattern(cron, undefined, { mode: "5-part" });
    return null;
  } catch (error) {
    return (error as Error).message.replace(/^CronPattern: /, "").replace(/\.$/, "");
  }
}

const zones = new Map<string, boolean>();

export function isTimezone(name: string): boolean {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const made = canFormat(name);
  if (zones.size < 1_000) zones.set(name, made);
  return made;
}

function canFormat(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone });
    return true;
  } catch {
    return false;
  }
}

export function checkTimezone(report: Report, name: Json | undefined, path: Path): void {
  if (typeof name !== "string" || isTimezone(name)) return;
  report.error(path, `There is no time zone "${name}".`, "a name such as Europe/Berlin or UTC");
}
