/** P2: connections lost at COMMIT, before, during and after it. */
import { openTestDatabase } from "#testing";
import type { LongCount } from "../../scripts/test-long.ts";
import { cutEverywhere } from "../support/cut-harness.ts";
import { withEngine } from "../support/kernel-app.ts";

const CUTS = 500;

export async function run(): Promise<LongCount[]> {
  const database = await openTestDatabase({ prepare: withEngine });
  try {
    const report = await cutEverywhere({ url: database.url, cuts: CUTS });
    for (const wrong of report.wrong.slice(0, 10)) console.error(wrong);
    return [
      {
        promise: "P2 a connection lost at COMMIT loses and doubles nothing",
        ...{ trials: report.cuts, failures: report.wrong.length, mutants_killed: 0, mutants: 0 },
        notes: `${report.unheard} commits that nobody heard of; ${report.runs} runs`,
      },
    ];
  } finally {
    await database.close();
  }
}
