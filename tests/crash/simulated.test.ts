import { deepStrictEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { enumerateCrashes, killMutants, randomCrashes } from "../support/simulated-crashes.ts";

/** The process ends at each moment of each scenario once: before and after every durable write and every delivery. */
test("a run survives the end of its process at any moment: nothing lost, doubled or diverged", async () => {
  const { points, wrong } = await enumerateCrashes();
  console.log(`P1 simulated, enumerated: ${points} crash points, ${wrong.length} wrong`);
  deepStrictEqual(wrong.slice(0, 3), []);
  ok(points >= 2_000, `${points} points`);
});

test("ten thousand seeds of order and crashes give the undisturbed run", { timeout: 300_000 }, async () => {
  const { seeds, crashes, wrong } = await randomCrashes({ seeds: 10_000 });
  console.log(`P1 simulated, random: ${seeds} seeds, ${crashes} crashes, ${wrong.length} wrong`);
  deepStrictEqual(wrong.slice(0, 3), []);
});

test("each planted defect is seen by the crash test", async () => {
  const { killed, survived } = await killMutants();
  console.log(`P1 mutants: ${killed.length} of ${killed.length + survived.length} caught`);
  deepStrictEqual(survived, []);
  ok(killed.length >= 8);
});
