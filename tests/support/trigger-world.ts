/** Two workers, killed in turn, under schedules, events and people; and the count of what came out. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Daemon, RunSummary } from "@regent/contract";
import type { TestDatabase } from "./database.ts";
import { gateStage, workPerformers } from "./gate-drivers.ts";
import { startKernel } from "./kernel-app.ts";
import { daemon, sequence, stage } from "./kernel-world.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { testProgram } from "./test-program.ts";

export { workPerformers };

const work = stage({ id: "work", type: "tool", tool: "note", with: {} });

export const triggeredDaemons: Daemon[] = [
  daemon("each-second", [work], { triggers: [{ kind: "cron", cron: "* * * * * *", catchUp: "all" }] }),
  daemon("asks", sequence([work, gateStage("ok"), stage({ ...work, id: "after" })]), {
    triggers: [{ kind: "event", event: "order.paid" }],
  }),
];

export interface Disturbed {
  seconds: number;
  kills: number;
  events: number;
  decisions: number;
  wrong: string[];
}

/**
 * One of two workers after the other ends with SIGKILL, at least `everyMs` apart, and another takes its place. Goes on
 * until there were so many kills, moments of the schedule and events, however long that takes on this machine.
 * @throws after `deadlineMs`, with how far it came
 */
export async function disturb(
  test: TestDatabase,
  options: { kills: number; everyMs: number; moments: number; events: number; deadlineMs: number },
): Promise<Disturbed> {
  const shared = { url: test.url, blobs: await temporaryFolder("blobs", "memory") };
  const { kernel, events, approvals, triggers, close } = await startKernel({
    ...{
      ...shared,
      performers: workPerformers([]),
      gates: true,
      triggered: triggeredDaemons,
      daemons: triggeredDaemons,
    },
    ...{ executor: "api", exclusive: false, works: false },
  });
  const report: Disturbed = { seconds: 0, kills: 0, events: 0, decisions: 0, wrong: [] };
  const workers = [await startWorker(shared), await startWorker(shared)];
  // The schedule is known from here on; what it missed before that is nobody's loss.
  const from = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
  const emitted: string[] = [];
  const decided = new Set<string>();
  let lastKill = Date.now();
  const deadline = Date.now() + options.deadlineMs;
  const isEnough = () =>
    report.kills >= options.kills &&
    emitted.length >= options.events &&
    Date.now() >= from + (options.moments + 1) * 1_000;
  let replacing: Promise<void> | undefined;

  const decideOpen = async () => {
    for (const { id } of (await approvals.list({ status: "open", limit: 200 })).items) {
      // Two people with the same opinion.
      await Promise.all(["kim", "lee"].map((by) => approvals.decide(id, { verdict: "approve", by })));
      decided.add(id);
    }
  };
  while (!isEnough() || replacing) {
    if (isEnough()) await replacing;
    if (Date.now() > deadline)
      throw new Error(`${report.kills} kills and ${emitted.length} events after ${options.deadlineMs} ms`);
    const id = `paid-${emitted.length}`;
    await Promise.all([1, 2].map(() => events.emit({ id, type: "order.paid", data: { id }, source: "test" })));
    emitted.push(`evt_${id}`);
    await decideOpen();
    if (report.kills < options.kills && !replacing && Date.now() >= lastKill + options.everyMs) {
      lastKill = Date.now();
      report.kills += 1;
      const slot = report.kills % workers.length;
      workers[slot]!.kill("SIGKILL");
      replacing = startWorker(shared).then((worker) => {
        workers[slot] = worker;
        replacing = undefined;
      });
      // Awaited by the loop's end; a failure before that ends the test there.
      replacing.catch(() => {});
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  const until = Math.floor(Date.now() / 1_000) * 1_000;
  const quietBy = Date.now() + 40_000;
  let runs: RunSummary[] = [];
  const isDone = () => runs.every((run) => run.status === "succeeded") && startsOf("event").length >= emitted.length;
  while (Date.now() < quietBy && !(isDone() && Date.now() > until + 2_000)) {
    await decideOpen();
    await new Promise((resolve) => setTimeout(resolve, 250));
    // The engine's record is the truth; rows of lists that a killed worker did not write come back with it.
    await kernel.rebuild();
    runs = await allRuns();
  }
  for (const worker of workers) worker.kill("SIGKILL");

  for (const run of runs) {
    if (run.status === "succeeded") continue;
    const { error } = await kernel.get(run.id);
    report.wrong.push(`${run.id} of ${run.daemon.id} is ${run.status}: ${error?.code} ${error?.message}`);
  }
  const starts = startsOf("event").map((run) => run.trigger.by!);
  for (const id of emitted) {
    const count = starts.filter((by) => by === id).length;
    if (count !== 1) report.wrong.push(`${id} started ${count} runs`);
  }
  const ticks = await ticksOf(startsOf("cron"));
  for (let second = from; second <= until; second += 1_000) {
    const count = ticks.filter((tick) => tick === second).length;
    if (count !== 1) report.wrong.push(`${new Date(second).toISOString()} fired ${count} times`);
    report.seconds += 1;
  }
  for (const problem of await triggers.problems(10)) report.wrong.push(problem.message);
  for (const run of startsOf("event")) {
    const { items } = await approvals.list({ run: run.id, limit: 10 });
    if (items.length !== 1) report.wrong.push(`${run.id} asked ${items.length} times`);
  }
  report.events = emitted.length;
  report.decisions = decided.size;
  await close();
  return report;

  function startsOf(kind: string): RunSummary[] {
    return runs.filter((run) => run.trigger.kind === kind);
  }
  async function allRuns(): Promise<RunSummary[]> {
    const found: RunSummary[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await kernel.list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
      found.push(...page.items);
      if (page.nextCursor === null) return found;
      cursor = page.nextCursor;
    }
  }
  /** A run's id begins with the moment that it was made of. */
  async function ticksOf(started: RunSummary[]): Promise<number[]> {
    return started.map((run) =>
      [...run.id.slice(4, 14)].reduce(
        (time, digit) => time * 32 + "0123456789abcdefghjkmnpqrstvwxyz".indexOf(digit),
        0,
      ),
    );
  }
}

async function startWorker(shared: { url: string; blobs: string }): Promise<ChildProcess> {
  const worker = spawn(process.execPath, [testProgram("trigger-worker.ts")], { stdio: ["pipe", "pipe", "inherit"] });
  worker.stdin!.write(`${JSON.stringify(shared)}\n`);
  let said = "";
  const gone = once(worker, "exit").then(() => {
    throw new Error(`the worker ended before it was ready: ${said}`);
  });
  gone.catch(() => {});
  while (!said.includes("ready")) said += String((await Promise.race([once(worker.stdout!, "data"), gone]))[0]);
  return worker;
}
