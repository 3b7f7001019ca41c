/** Schedules, events and gates, with one of two workers killed in turn. */
import { testDatabase } from "#testing";
import { withEngine } from "../support/kernel-app.ts";
import { disturb } from "../support/trigger-world.ts";

export async function run() {
  const test = await testDatabase({ prepare: withEngine });
  const { kills, seconds, events, decisions, wrong } = await disturb(test, {
    ...{ kills: 60, moments: 40, events: 400, everyMs: 700, deadlineMs: 900_000 },
  });
  await test.close();
  return [
    {
      promise: "each moment of a schedule fires once, each event starts its daemon once, each gate asks once",
      ...{ trials: kills, failures: wrong.length, mutants_killed: 0, mutants: 0 },
      notes: [`${seconds} moments, ${events} events, ${decisions} decisions`, ...wrong.slice(0, 5)].join("; "),
    },
  ];
}
