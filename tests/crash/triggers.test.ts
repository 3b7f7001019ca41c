import { deepEqual, ok } from "node:assert/strict";
import test from "node:test";
import { testDatabase } from "#testing";
import { withEngine } from "../support/kernel-app.ts";
import { disturb } from "../support/trigger-world.ts";

test("schedules, events and gates under SIGKILL of one of two workers: each once, none lost", async () => {
  const report = await disturb(await testDatabase({ prepare: withEngine }), { forMs: 8_000, killEveryMs: 1_500 });
  const { seconds, kills, events, decisions, wrong } = report;
  console.log(`triggers under kills: ${kills} kills, ${seconds} seconds, ${events} events, ${decisions} decisions`);
  deepEqual(wrong.slice(0, 5), []);
  // Fewer than on an idle machine, where it is five kills and some hundred events.
  ok(kills >= 2 && events >= 5 && decisions >= 5);
});
