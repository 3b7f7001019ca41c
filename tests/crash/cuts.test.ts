import { deepStrictEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { testDatabase } from "#testing";
import { cutEverywhere } from "../support/cut-harness.ts";
import { withEngine } from "../support/kernel-app.ts";

/** A sample; `npm run test:long -- cuts` makes five hundred. */
test("a connection lost at COMMIT loses and doubles nothing", { timeout: 200_000 }, async () => {
  const { url } = await testDatabase({ prepare: withEngine });
  const report = await cutEverywhere({ url, cuts: 40 });
  console.log(
    `P2 cuts at COMMIT, sampled: ${report.cuts} cuts (${report.unheard} after the commit), ${report.runs} runs, ${report.wrong.length} wrong`,
  );
  deepStrictEqual(report.wrong.slice(0, 3), []);
  ok(report.unheard >= 5, `${report.unheard} unheard commits`);
});
