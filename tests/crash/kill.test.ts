import { deepStrictEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { temporaryFolder, testDatabase } from "#testing";
import { withEngine } from "../support/kernel-app.ts";
import { killEverywhere } from "../support/kill-harness.ts";

/** A sample of the moments; `npm run test:long -- crash` takes all of them. */
test("a run survives SIGKILL of its process: nothing lost, doubled or diverged", { timeout: 400_000 }, async () => {
  const { url } = await testDatabase({ prepare: withEngine });
  const report = await killEverywhere({ url, folder: await temporaryFolder(), spread: 5, kills: 1 });
  console.log(
    `P1 kill -9, sampled: ${report.points} points in ${report.scenarios} scenarios, ${report.runsEnded} runs ended, ${report.wrong.length} wrong`,
  );
  deepStrictEqual(report.wrong.slice(0, 3), []);
  ok(report.points >= 150 && report.scenarios >= 12, `${report.points} points in ${report.scenarios} scenarios`);
});
