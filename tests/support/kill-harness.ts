import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Run } from "@regent/contract";
import { type Effect, wrongs } from "./oracle.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { goldenOf, shapeOf } from "./simulated-play.ts";
import { testProgram } from "./test-program.ts";

export interface Worker {
  pid: number;
  call<T>(method: string, params?: object): Promise<T>;
  /** Resolves when the process has ended; true: it was killed. */
  ended: Promise<boolean>;
  kill(): void;
}

/** Starts the program and waits until it has loaded; it does nothing until it is told. */
async function startWorker(program = "crash-worker.ts"): Promise<Worker> {
  const child: ChildProcess = spawn(process.execPath, [testProgram(program)], { stdio: ["pipe", "pipe", "inherit"] });
  const open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let calls = 0;
  const ended = new Promise<boolean>((resolve) => child.once("exit", (_code, signal) => resolve(signal === "SIGKILL")));
  await new Promise<void>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the worker ended before it was ready")));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (!line.startsWith("{")) return;
      const answer = JSON.parse(line);
      if (answer.ready) return resolve();
      const waiting = open.get(answer.call);
      open.delete(answer.call);
      if (answer.error === undefined) waiting?.resolve(answer.result as never);
      else waiting?.reject(new Error(answer.error));
    });
  });
  void ended.then(() => {
    for (const { reject } of open.values()) reject(new WorkerGone());
  });
  child.stdin!.on("error", () => {});
  return {
    pid: child.pid!,
    ended,
    kill: () => child.kill("SIGKILL"),
    call: (method, params) =>
      new Promise((resolve, reject) => {
        open.set(++calls, { resolve, reject });
        child.stdin!.write(`${JSON.stringify({ call: calls, method, ...params })}\n`);
      }),
  };
}

class WorkerGone extends Error {
  override name = "WorkerGone";
}

export interface KillReport {
  points: number;
  /** How many of the scenarios met a kill. */
  scenarios: number;
  wrong: string[];
  /** Milliseconds from the kill until the run had ended elsewhere. */
  recoveryMs: number[];
  runsEnded: number;
}

/**
 * Kills a worker with SIGKILL at its first, second, third … moment in each scenario, has another process go on, and
 * judges what came out. `every` takes each n-th point only, `spread` so many of each scenario, evenly from its first
 * moment to its last; `kills` more kills follow a few moments after each restart.
 */
export async function killEverywhere(options: {
  url: string;
  folder: string;
  every?: number;
  from?: number;
  spread?: number;
  kills?: number;
  only?: Scenario[];
  program?: string;
  onPoint?: (report: KillReport) => void;
}): Promise<KillReport> {
  const report: KillReport = { points: 0, scenarios: 0, wrong: [], recoveryMs: [], runsEnded: 0 };
  const effects = join(options.folder, `effects-${process.pid}-${Math.random().toString(36).slice(2)}.jsonl`);
  const launch = { url: options.url, effects };
  let worker = await startWorker(options.program);
  await worker.call("launch", launch);
  let standby = startWorker(options.program);

  const replace = async (): Promise<void> => {
    worker = await standby;
    standby = startWorker(options.program);
    await worker.call("launch", launch);
  };

  /** In a play that nothing disturbs. */
  const momentsOf = async (scenario: Scenario): Promise<number> => {
    const run = `run_${scenario.daemon.id}-undisturbed-${options.spread}`;
    await worker.call("play", { scenario: scenario.name, run });
    await worker.call("await", { run });
    return worker.call<number>("moments");
  };

  for (const scenario of options.only ?? scenarios) {
    const golden = await goldenOf(scenario);
    const before = report.points;
    const points = options.spread
      ? spreadOver(await momentsOf(scenario), options.spread)
      : eachFrom(options.from ?? 1, options.every ?? 1);
    for (const point of points) {
      const run = `run_${scenario.daemon.id}-${point}-${options.kills ?? 0}`;
      const play = { scenario: scenario.name, run };
      let disturbances = 0;
      let killedAt = 0;
      let page: Run | undefined;
      let next: number | undefined = point;
      while (page === undefined) {
        try {
          await worker.call("play", next === undefined ? play : { ...play, killAt: next });
          page = await worker.call<Run>("await", { run });
        } catch (error) {
          if (!(error instanceof WorkerGone)) throw error;
          disturbances += 1;
          killedAt ||= performance.now();
          next = disturbances <= (options.kills ?? 0) ? 2 + ((point * 7 + disturbances * 3) % 11) : undefined;
          await replace();
        }
      }
      if (disturbances === 0) {
        // Enumerated: past its end. Spread: this play had fewer moments than the one that was counted.
        if (options.spread) continue;
        break;
      }
      report.points += disturbances;
      report.runsEnded += 1;
      report.recoveryMs.push(performance.now() - killedAt);
      const left = await effectsOf(effects, run);
      const [shape, expected] = scenario.races ? [page.status, scenario.ends] : [shapeOf(page), golden.shape];
      report.wrong.push(
        ...wrongs(page, shape, expected, left, disturbances).map(
          (wrong) => `${scenario.name}, point ${point}: ${wrong}`,
        ),
      );
      options.onPoint?.(report);
      if (report.wrong.length > 20) break;
    }
    if (report.points > before) report.scenarios += 1;
  }
  await worker.call("close").catch(() => {});
  (await standby).kill();
  return report;
}

function* eachFrom(first: number, step: number): Generator<number> {
  for (let point = first; ; point += step) yield point;
}

const spreadOver = (moments: number, count: number): Iterable<number> =>
  new Set(Array.from({ length: count }, (_, i) => 1 + Math.floor((i * moments) / count)));

async function effectsOf(file: string, run: string): Promise<Effect[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line.includes(`"${run}`))
    .map((line) => JSON.parse(line) as Effect);
}
