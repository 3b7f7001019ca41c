/** P1: SIGKILL at every moment of every scenario on the durable engine, and on the simulated one with seeds. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestDatabase } from "#testing";
import type { LongCount } from "../../scripts/test-long.ts";
import { withEngine } from "../support/kernel-app.ts";
import { type KillReport, killEverywhere } from "../support/kill-harness.ts";
import { scenarios } from "../support/scenarios.ts";
import { enumerateCrashes, killMutants, randomCrashes } from "../support/simulated-crashes.ts";

const LANES = 2;
/** Further kills a few moments after each restart: a run must also survive dying while it recovers. */
const MORE_KILLS = 10;
const SEEDS = 40_000;

export async function run(): Promise<LongCount[]> {
  const { killed, survived } = await killMutants();
  const mutants = { mutants_killed: killed.length, mutants: killed.length + survived.length };
  const moments = await enumerateCrashes({ seeds: [1, 2, 3, 4, 5, 6, 7, 8] });
  const random = await randomCrashes({ seeds: SEEDS, from: 100_000 });
  const real = await Promise.all(Array.from({ length: LANES }, (_, lane) => killLane(lane)));
  const points = real.reduce((sum, lane) => sum + lane.points, 0);
  const runs = real.reduce((sum, lane) => sum + lane.runsEnded, 0);
  const wrong = [...moments.wrong, ...random.wrong, ...real.flatMap((lane) => lane.wrong)];
  for (const one of wrong.slice(0, 10)) console.error(one);
  const recovery = real.flatMap((lane) => lane.recoveryMs).sort((a, b) => a - b);
  const at = (share: number) => `${(recovery[Math.floor(share * (recovery.length - 1))]! / 1_000).toFixed(1)} s`;
  return [
    {
      promise: "P1 simulated engine, every moment of 20 scenarios in 8 orders",
      ...{ trials: moments.points, failures: moments.wrong.length, ...mutants },
    },
    {
      promise: "P1 simulated engine, seeds with up to 6 crashes each",
      ...{ trials: random.seeds, failures: random.wrong.length, mutants_killed: 0, mutants: 0 },
      notes: `${random.crashes} crashes`,
    },
    {
      promise: "P1 kill -9 on the durable engine at enumerated moments",
      ...{ trials: points, failures: real.flatMap((lane) => lane.wrong).length, mutants_killed: 0, mutants: 0 },
      notes: `${runs} runs; from the first kill to the end p50 ${at(0.5)}, p99 ${at(0.99)}; 95 % bound ${((3 / Math.max(1, points)) * 100).toFixed(2)} % a kill`,
    },
  ];
}

async function killLane(lane: number): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), "regent-kill-"));
  const database = await openTestDatabase({ prepare: withEngine });
  try {
    const only = scenarios.filter((_, index) => index % LANES === lane);
    return await killEverywhere({ url: database.url, folder, only, kills: MORE_KILLS });
  } finally {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}
