import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Performers } from "#kernel";
import { startKernel } from "./kernel-app.ts";
import { daemon, sequence, stage } from "./kernel-world.ts";
import { testProgram } from "./test-program.ts";

export const tenStages = daemon(
  "ten-stages",
  sequence(Array.from({ length: 10 }, (_, i) => stage({ id: `s${i}`, type: "tool", tool: "work", with: {} } as never))),
);

export interface PoolReport {
  runs: number;
  kills: number;
  perSecond: number;
  wrong: string[];
  /** Seconds from the beginning to the end of the slowest run. */
  slowestMs: number;
}

/** One step of 30 ms that leaves an effect. */
export const working = (leave: (key: string) => number): Performers => ({
  tool: {
    perform: async (one, job) => ({
      output: await job.step("tool", one.id, async ({ key }) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return { value: leave(key) };
      }),
    }),
  },
});

/** More than the workers hold: what waits for a takeover must not keep new work from those that live. */
const BACKLOG = 300;

/**
 * Three workers on one database. With `kills`, one of them is killed at random every 0.2 to 2 s and another started in
 * its place, until that many have died; then everything that was begun must end right.
 */
export async function workerPool(options: {
  url: string;
  folder: string;
  kills: number;
  /** Without kills: how long to measure. */
  forMs: number;
  leaseMs?: number;
}): Promise<PoolReport> {
  const effects = join(options.folder, `pool-${options.kills}.txt`);
  const settings = JSON.stringify({ url: options.url, effects, leaseMs: options.leaseMs ?? 1_000 });
  const client = await startKernel({
    url: options.url,
    blobs: join(options.folder, "blobs"),
    performers: working(() => 0),
    works: false,
    executor: "client",
    daemons: [tenStages],
  });
  const begin = () => {
    const child = spawn(process.execPath, [testProgram("pool-worker.ts")], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.on("error", () => {});
    child.stdin.write(`${settings}\n`);
    const ready = new Promise<void>((resolve) =>
      createInterface({ input: child.stdout }).once("line", () => resolve()),
    );
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const worker = { child, ready, gone, works: false };
    void ready.then(() => {
      worker.works = true;
    });
    return worker;
  };
  const workers = [begin(), begin(), begin()];
  await Promise.all(workers.map((worker) => worker.ready));

  const runs: string[] = [];
  const pinned = client.pinned(tenStages);
  let feeding = true;
  let ended = 0;
  let slowestMs = 0;
  const feed = async (): Promise<void> => {
    while (feeding) {
      const startedAt = performance.now();
      const id = `run_pool${options.kills}-${runs.length}`;
      runs.push(id);
      await client.kernel.start({ id, pinned, inputs: {}, trigger: { kind: "manual" } });
      await client.kernel.outcome(id, 120_000);
      ended += 1;
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  const feeders = Array.from({ length: BACKLOG }, feed);
  let kills = 0;
  let chance = 20_261_120;
  const random = () => {
    chance = (Math.imul(chance, 1_664_525) + 1_013_904_223) >>> 0;
    return chance / 2 ** 32;
  };
  if (options.kills === 0) await new Promise((resolve) => setTimeout(resolve, options.forMs));
  while (kills < options.kills) {
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * 1_800));
    // Whoever still begins has nothing to lose: killing it would count and prove nothing.
    const able = [...workers.keys()].filter((index) => workers[index]!.works);
    const victim = able[Math.floor(random() * able.length)];
    if (victim === undefined) continue;
    workers[victim]!.child.kill("SIGKILL");
    kills += 1;
    workers[victim] = begin();
  }
  const during = ended;
  const perSecond = during / ((performance.now() - startedAt) / 1_000);
  feeding = false;
  await Promise.all(feeders);
  const wrong = await judge(client, runs, effects, kills);
  for (const { child } of workers) child.kill("SIGKILL");
  await Promise.all(workers.map((worker) => worker.gone));
  await client.close();
  return { runs: runs.length, kills, perSecond, wrong, slowestMs };
}

async function judge(
  client: Awaited<ReturnType<typeof startKernel>>,
  runs: string[],
  effects: string,
  kills: number,
): Promise<string[]> {
  const made = new Map<string, Set<number>>();
  for (const line of readFileSync(effects, "utf8").split("\n")) {
    const [key, value] = line.split(" ");
    if (key && value) made.set(key, (made.get(key) ?? new Set()).add(Number(value)));
  }
  const wrong: string[] = [];
  const values = new Set<number>();
  for (const id of runs) {
    const run = await client.kernel.get(id);
    if (run.status !== "succeeded") wrong.push(`lost: ${id} is ${run.status} (${run.error?.message})`);
    for (const stage of run.stages) {
      if (stage.steps.length !== 1) wrong.push(`${id}/${stage.id} has ${stage.steps.length} recorded steps`);
      const value = stage.output as number;
      if (values.has(value)) wrong.push(`duplicated: ${value} stands twice`);
      values.add(value);
      const of = made.get(`${id}/${stage.id}/tool:${stage.id}`);
      if (of === undefined || !of.has(value))
        wrong.push(`diverged: ${id}/${stage.id} holds ${value}, which it never made`);
      else if (of.size > 1 + kills) wrong.push(`${id}/${stage.id} was done ${of.size} times`);
    }
  }
  return wrong;
}
