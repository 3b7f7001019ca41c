import { deepEqual, ok } from "node:assert/strict";
import test from "node:test";
import { testDatabase } from "#testing";
import { withEngine } from "../support/kernel-app.ts";
import { disturb } from "../support/trigger-world.ts";

/** A sample; `npm run test:long -- triggers` kills sixty times. */
test("schedules, events and gates under SIGKILL of one of two workers: each once, none lost", async () => {
  const least = { kills: 8, moments: 12, events: 80 };
  const database = await testDatabase({ prepare: withEngine });
  const report = await disturb(database, { ...least, everyMs: 800, deadlineMs: 240_000 });
  const { seconds, kills, events, decisions, wrong } = report;
  console.log(`triggers under kills: ${kills} kills, ${seconds} moments, ${events} events, ${decisions} decisions`);
  deepEqual(wrong.slice(0, 5), []);
  ok(kills >= least.kills && seconds >= least.moments && events >= least.events && decisions === events);
});
