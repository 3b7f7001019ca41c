import { type Daemon, fail, type Json, type JsonObject, type Stage } from "@regent/contract";
import { Interrupted, type Lane, type Program } from "./engine.ts";
import { packValue } from "./envelope.ts";
import { Aborted, GoTo, OutOfTime, toFailure } from "./failure.ts";
import { type Deadline, type Frame, type InterpreterDeps, joinWaits, type RunFrame, unionMs } from "./frame.ts";
import { type GroupEnd, runGroup } from "./group.ts";
import { createJob, deadlineOfRun } from "./job.ts";
import { persist } from "./operational.ts";
import type { RunInput, RunResult } from "./run-input.ts";
import { runScope, withEnds } from "./scope.ts";
import { runStage, spell } from "./stage.ts";
import type { Tracker } from "./tracker.ts";

/**
 * The program that every run executes: it reads the daemon's version that was pinned at the start and works through its
 * stages. Only dataflow decides what happens; clocks, chance and people come in through recorded steps. So the same
 * input and the same record give the same run: after a crash, in a test with 10,000 orders, and on the run's page.
 */
export function createInterpreter(deps: InterpreterDeps): Program {
  return async ({ id, input: given }, lane) => {
    const input = given as unknown as RunInput;
    const tracker = deps.tracker(id, input);
    let result: RunResult;
    try {
      const daemon = await persist(deps.timers, () => deps.definitions.daemon(input.daemon.digest));
      const names = await persist(deps.timers, () => deps.names(input.names));
      const control = deps.control(id, input, daemon.concurrency !== undefined);
      const run: RunFrame = { deps, id, input, daemon, control, tracker, gateWaits: [], ...limitOf(daemon) };
      result = await interpret(run, names, lane);
      if (asksOrWaits(daemon)) await persist(deps.timers, () => deps.ended(id));
    } catch (error) {
      if (error instanceof Interrupted) {
        tracker.interrupted();
        throw error;
      }
      // Nobody foresaw this, so nobody knows what the run may have left with others.
      await persist(deps.timers, () => deps.ended(id)).catch(() => {});
      result = endOf(tracker, deps.clock.now(), "failed", { v: null }, toFailure(error));
    }
    tracker.end(result);
    return result as unknown as Json;
  };
}

const endOf = (
  tracker: Tracker,
  endedAt: number,
  status: RunResult["status"],
  output: RunResult["output"],
  error?: RunResult["error"],
  gateWaits: RunFrame["gateWaits"] = [],
): RunResult => ({
  status,
  output,
  ...(error === undefined ? {} : { error }),
  spent: [tracker.spent.usdNanos, tracker.spent.tokens],
  offline: tracker.offline,
  startedAt: tracker.startedAt,
  endedAt,
  ...(gateWaits.length === 0 ? {} : { gateWaits }),
});

/** A run that has one above it tells how long it waited at gates: that does not count above either. */
const waitsForAbove = ({ input, gateWaits }: RunFrame): RunFrame["gateWaits"] =>
  input.parent === undefined ? [] : joinWaits(gateWaits);

async function interpret(run: RunFrame, names: JsonObject, lane: Lane): Promise<RunResult> {
  const { deps, daemon, input, tracker } = run;
  const [stages, handlers] = lane.split(2) as [Lane, Lane];
  const frame: Frame = {
    run,
    scope: () => runScope(input, names, run.id, daemon),
    path: "",
    order: [],
    tree: deps.trees.empty,
    stop: run.control.stop,
    deadlines: limitsAbove(run),
  };
  if (daemon.budget?.durationMs !== undefined) {
    const startedAt = await createJob(runJob(frame, lane)).now();
    frame.deadlines = [...frame.deadlines, deadlineOfRun(run, startedAt, daemon.budget.durationMs)];
  }
  const end = async (status: RunResult["status"], output: Json, error?: RunResult["error"]): Promise<RunResult> =>
    endOf(tracker, deps.clock.now(), status, await packValue(output, deps.blobs), error, waitsForAbove(run));

  try {
    const group = await runGroup(daemon.stages, frame, stages);
    return await end("succeeded", outputOf(daemon, group, frame));
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    if (error instanceof Aborted) return end("cancelled", null);
    if (error instanceof OutOfTime) return end(...outOfTime(error));
    if (error instanceof GoTo) return end(...(await handle(error, frame, handlers)));
    return end("failed", null, toFailure(error));
  }
}

function outputOf(daemon: Daemon, group: GroupEnd, frame: Frame): Json {
  if (daemon.output === undefined) return group.output;
  const ends = daemon.stages.flatMap((stage, index) => {
    const end = group.ends[index];
    return end === undefined ? [] : [[stage, end] as const];
  });
  return frame.run.deps.expressions.render(daemon.output, withEnds(frame.scope(), ends));
}

type End = [RunResult["status"], Json, NonNullable<RunResult["error"]>];

const outOfTime = ({ limitMs }: OutOfTime): End => [
  "timed_out",
  null,
  toFailure(fail("run_timed_out", { limit: spell(limitMs) })),
];

/** The handler stage that `on_error` named: the run ends with it, as failed, with its output. */
async function handle(error: GoTo, frame: Frame, lane: Lane): Promise<End> {
  const { daemon } = frame.run;
  const index = daemon.stages.findIndex((stage) => stage.id === error.handler);
  const handler = daemon.stages[index];
  const failure = error.failure;
  if (handler === undefined) return ["failed", null, failure];
  const scope = {
    ...error.scope,
    error: { code: failure.code, message: failure.message, stage: failure.stage ?? null },
  };
  try {
    const done = await runStage(
      handler,
      { ...frame, stop: frame.run.control.stop },
      lane,
      [index],
      error.tree,
      () => scope,
    );
    return ["failed", done.output, failure];
  } catch (second) {
    if (second instanceof Interrupted) throw second;
    if (second instanceof OutOfTime) return outOfTime(second);
    return [
      "failed",
      null,
      {
        ...failure,
        message: `${failure.message} Its handler ${handler.name} failed too: ${toFailure(second).message}`,
      },
    ];
  }
}

/** What a run above gave this one in time. The owner is no path of this run, so no stage of it takes the blame. */
const limitsAbove = (run: RunFrame): Deadline[] =>
  (run.input.limits ?? []).map(({ owner, limitMs, at, gates }) => ({
    owner: gates ? `^${owner}` : "",
    limitMs,
    at: () => at + (gates ? 0 : unionMs(run.gateWaits)),
  }));

function limitOf(daemon: Daemon): { limitNanos?: number } {
  const money = daemon.budget?.perRun;
  return money === undefined ? {} : { limitNanos: money.micros * 1_000 };
}

const runJob = (frame: Frame, lane: Lane) => ({
  stage: { id: "run", type: "wait" } as Stage,
  ...{ frame, lane, path: "run", number: 1, scope: frame.scope, tree: frame.tree, deadlines: [] },
});

const known = new WeakMap<Daemon, boolean>();

/** Daemons without gates, event waits and concurrency leave nothing behind that must be cleared. */
function asksOrWaits(daemon: Daemon): boolean {
  let answer = known.get(daemon);
  if (answer === undefined) {
    const asks = (stage: Stage): boolean =>
      stage.type === "gate" ||
      stage.type === "wait" ||
      (stage.type === "for-each" && stage.stages.some(asks)) ||
      (stage.type === "parallel" && stage.branches.some((branch) => branch.stages.some(asks)));
    answer = daemon.concurrency !== undefined || daemon.stages.some(asks);
    known.set(daemon, answer);
  }
  return answer;
}
