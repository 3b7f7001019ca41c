import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { ApprovalId, RunId } from "@regent/contract";
import { fakeClock } from "#testing";
import { createIds, systemRandom } from "./ids.ts";

test("ids carry their kind and are what the contract calls an id", () => {
  const ids = createIds({ clock: fakeClock(), random: systemRandom });
  match(ids.next("run"), /^run_[0-9a-z]{22}$/);
  RunId.parse(ids.next("run"));
  ApprovalId.parse(ids.next("apr"));
});

test("ids sort by the time they were made, also within a millisecond and when the clock goes back", () => {
  const clock = fakeClock();
  const ids = createIds({ clock, random: systemRandom });
  const made: string[] = [];
  for (let i = 0; i < 5_000; i++) {
    made.push(ids.next("evt"));
    if (i % 7 === 0) clock.advance(1);
    if (i % 1_000 === 0) clock.advance(-40);
  }
  deepEqual([...made].sort(), made);
  equal(new Set(made).size, made.length);
});

test("the same clock and the same chance give the same ids", () => {
  const make = () => createIds({ clock: fakeClock(1_000), random: (count) => new Uint8Array(count).fill(7) });
  equal(make().next("run"), make().next("run"));
});

test("the highest chance still leaves room to count on", () => {
  const ids = createIds({ clock: fakeClock(), random: (count) => new Uint8Array(count).fill(255) });
  const [a, b] = [ids.next("run"), ids.next("run")];
  equal(a < b && a.length === b.length, true);
});
