/** Three workers on one database, one of them killed at random, three hundred times. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestDatabase } from "#testing";
import type { LongCount } from "../../scripts/test-long.ts";
import { withEngine } from "../support/kernel-app.ts";
import { workerPool } from "../support/worker-pool.ts";

const KILLS = 300;
const SHARE_MIN = 0.6;

export async function run(): Promise<LongCount[]> {
  const folder = await mkdtemp(join(tmpdir(), "regent-pool-"));
  const calm = await workerPool({
    url: (await openTestDatabase({ prepare: withEngine })).url,
    folder,
    kills: 0,
    forMs: 30_000,
  });
  const stormy = await workerPool({
    url: (await openTestDatabase({ prepare: withEngine })).url,
    folder,
    kills: KILLS,
    forMs: 0,
  });
  await rm(folder, { recursive: true, force: true });
  const share = stormy.perSecond / calm.perSecond;
  for (const wrong of [...calm.wrong, ...stormy.wrong].slice(0, 10)) console.error(wrong);
  return [
    {
      promise: "P1 random kills of one of three workers: nothing lost, doubled or diverged",
      trials: stormy.kills,
      failures: stormy.wrong.length + calm.wrong.length,
      ...{ mutants_killed: 0, mutants: 0 },
      notes: `${stormy.runs} runs of 10 stages of 30 ms; slowest ${(stormy.slowestMs / 1_000).toFixed(1)} s`,
    },
    {
      promise: `throughput under kills at least ${SHARE_MIN * 100} % of undisturbed`,
      trials: stormy.runs,
      failures: share >= SHARE_MIN ? 0 : 1,
      ...{ mutants_killed: 0, mutants: 0 },
      notes: `${stormy.perSecond.toFixed(1)} of ${calm.perSecond.toFixed(1)} runs/s: ${(share * 100).toFixed(0)} %`,
    },
  ];
}
