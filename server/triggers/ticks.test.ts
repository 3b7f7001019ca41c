import assert from "node:assert/strict";
import test from "node:test";
import { nextTick, ticksBetween } from "./ticks.ts";

const at = (iso: string) => Date.parse(iso);
const between = (cron: string, timezone: string, from: string, until: string) =>
  ticksBetween(cron, timezone, at(from), at(until), 1_000).map((tick) => new Date(tick).toISOString().slice(0, 16));

test("in spring a time that does not exist fires once, when the clock has jumped", () => {
  assert.deepEqual(between("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-30T12:00Z"), [
    "2026-03-29T01:00",
    "2026-03-30T00:30",
  ]);
});

test("in autumn a time that exists twice fires once", () => {
  assert.deepEqual(between("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-26T12:00Z"), [
    "2026-10-25T00:30",
    "2026-10-26T01:30",
  ]);
});

test("a pattern fires at each real half hour through both changes", () => {
  const spring = between("*/30 * * * *", "America/New_York", "2026-03-08T05:30Z", "2026-03-08T08:30Z");
  const autumn = between("*/30 * * * *", "America/New_York", "2026-11-01T04:30Z", "2026-11-01T07:30Z");
  assert.equal(spring.length, 6);
  assert.equal(autumn.length, 6);
});

test("the morning stays the morning over the change of daylight saving", () => {
  assert.deepEqual(between("0 8 * * *", "Europe/Berlin", "2026-03-28T00:00Z", "2026-03-29T23:00Z"), [
    "2026-03-28T07:00",
    "2026-03-29T06:00",
  ]);
});

test("the interval is open below and closed above", () => {
  assert.deepEqual(between("0 8 * * *", "UTC", "2026-01-01T08:00Z", "2026-01-02T08:00Z"), ["2026-01-02T08:00"]);
  assert.deepEqual(between("0 8 * * *", "UTC", "2026-01-01T07:59:59.999Z", "2026-01-01T08:00Z"), ["2026-01-01T08:00"]);
});

test("when there are more than wanted, the newest are found, in every timezone and over every change", () => {
  for (const timezone of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]) {
    for (const cron of ["30 2 * * *", "0 * * * *", "*/20 2 * * *", "15 1-3 * * *", "0 9 * * 1"]) {
      for (const day of ["2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31"]) {
        const from = at(`${day}T00:00Z`);
        const until = from + 3 * 86_400_000;
        const forward: number[] = [];
        for (let tick = nextTick(cron, timezone, from); tick !== null && tick <= until; ) {
          forward.push(tick);
          tick = nextTick(cron, timezone, tick);
        }
        const newest = forward.slice(-5);
        assert.deepEqual(ticksBetween(cron, timezone, from, until, 5), newest, `${cron} ${timezone} ${day}`);
      }
    }
  }
});

test("a date that never comes has no tick, and an unknown timezone is an error", () => {
  assert.equal(nextTick("0 0 30 2 *", "UTC", 0), null);
  assert.throws(() => nextTick("0 8 * * *", "Mars/Phobos", 0), /Mars\/Phobos/);
});
