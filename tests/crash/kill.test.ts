import { deepStrictEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { temporaryFolder, testDatabase } from "#testing";
import { withEngine } from "../support/kernel-app.ts";
import { killEverywhere } from "../support/kill-harness.ts";
import { scenarios } from "../support/scenarios.ts";

const LANES = 2;

/**
 * A sample of the moments of every scenario; `npm run test:long -- crash` takes all of them. Half of the scenarios at a
 * time: most of a kill is waiting.
 */
test("a run survives SIGKILL of its process: nothing lost, doubled or diverged", { timeout: 500_000 }, async () => {
  const reports = await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      const { url } = await testDatabase({ prepare: withEngine });
      const only = scenarios.filter((_, i) => i % LANES === lane);
      return killEverywhere({ url, folder: await temporaryFolder(), only, spread: 5, kills: 1 });
    }),
  );
  const sum = (what: "points" | "scenarios" | "runsEnded") => reports.reduce((all, report) => all + report[what], 0);
  const wrong = reports.flatMap((report) => report.wrong);
  console.log(
    `P1 kill -9, sampled: ${sum("points")} points in ${sum("scenarios")} scenarios, ${sum("runsEnded")} runs ended, ${wrong.length} wrong`,
  );
  deepStrictEqual(wrong.slice(0, 3), []);
  ok(sum("points") >= 150 && sum("scenarios") >= 12, `${sum("points")} points in ${sum("scenarios")} scenarios`);
});
