import { deepEqual, ok } from "node:assert/strict";
import test from "node:test";
import { testDatabase } from "#testing";
import { withEngine } from "../support/kernel-app.ts";
import { disturb } from "../support/trigger-world.ts";

test("schedules, events and gates under SIGKILL of one of two workers: each once, none lost", async () => {
  const report = await disturb(await testDatabase({ prepare: withEngine }), { kills: 5, everyMs: 1_000 });
  const { seconds, kills, events, decisions, wrong } = report;
  console.log(`triggers under kills: ${kills} kills, ${seconds} seconds, ${events} events, ${decisions} decisions`);
  deepEqual(wrong.slice(0, 5), []);
  ok(kills === 5 && events >= 5 && decisions === events);
});
