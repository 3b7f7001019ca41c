import assert from "node:assert/strict";
import test from "node:test";
import { CATCH_UP_MAX, dueTicks } from "./due-ticks.ts";

const at = (iso: string) => Date.parse(iso);
const due = (catchUp: "none" | "last" | "all", from: string, now: string, cron = "0 * * * *") =>
  dueTicks({ cron, timezone: "UTC", catchUp }, at(from), at(now)).ticks.map((tick) => new Date(tick).toISOString());

test("a tick on time fires whatever catch_up says", () => {
  for (const catchUp of ["none", "last", "all"] as const) {
    assert.deepEqual(due(catchUp, "2026-01-01T07:30Z", "2026-01-01T08:00:05Z"), ["2026-01-01T08:00:00.000Z"]);
  }
});

test("after downtime: none of the missed, the last, or all", () => {
  assert.deepEqual(due("none", "2026-01-01T07:30Z", "2026-01-01T10:30Z"), []);
  assert.deepEqual(due("last", "2026-01-01T07:30Z", "2026-01-01T10:30Z"), ["2026-01-01T10:00:00.000Z"]);
  assert.equal(due("all", "2026-01-01T07:30Z", "2026-01-01T10:30Z").length, 3);
});

test("last does not add a missed tick to one that is on time", () => {
  assert.deepEqual(due("last", "2026-01-01T07:30Z", "2026-01-01T10:00:10Z"), ["2026-01-01T10:00:00.000Z"]);
});

test("all is bounded, keeps the newest, and says that it dropped some", () => {
  const now = at("2026-06-01T00:00Z");
  const { ticks, dropped } = dueTicks({ cron: "* * * * *", timezone: "UTC", catchUp: "all" }, at("2026-01-01"), now);
  assert.equal(ticks.length, CATCH_UP_MAX);
  assert.equal(ticks.at(-1), now);
  assert.equal(dropped, true);
});

test("a clock that went back finds nothing due", () => {
  for (const catchUp of ["none", "last", "all"] as const) {
    assert.deepEqual(due(catchUp, "2026-01-01T12:00Z", "2026-01-01T10:00Z"), []);
  }
});
