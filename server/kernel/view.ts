import {
  type Daemon,
  type Failure,
  type Run,
  type RunStatus,
  type RunSummary,
  type Stage,
  type StageView,
  toCost,
} from "@regent/contract";
import type { EngineRun, RecordedStep } from "./engine.ts";
import { createRecordedLane } from "./engines/recorded.ts";
import { unpackValue } from "./envelope.ts";
import type { InterpreterDeps, RunControl } from "./frame.ts";
import { createInterpreter } from "./interpreter.ts";
import type { RunInput, RunResult } from "./run-input.ts";
import { StageTracker } from "./stage-tracker.ts";
import { Stop } from "./stop.ts";
import type { Tracker } from "./tracker.ts";

export type ViewDeps = Pick<
  InterpreterDeps,
  "performers" | "expressions" | "definitions" | "names" | "blobs" | "trees" | "checkInputs" | "clock"
>;

/** A run as its record shows it, with the trees its stages left: what pages show and what a fork starts from. */
export interface Reading {
  run: Run;
  input: RunInput;
  daemon: Daemon;
  trees: Map<string, import("#platform").Digest>;
}

/** Reads a run from the engine's record by interpreting it once more, with every body replaced by what was recorded. */
export async function readRun(
  deps: ViewDeps,
  engineRun: EngineRun,
  history: RecordedStep[],
  paused: boolean,
): Promise<Reading> {
  const input = engineRun.input as unknown as RunInput;
  const tracker = new StageTracker(engineRun.startedAt ?? engineRun.createdAt);
  const daemon = await deps.definitions.daemon(input.daemon.digest);
  const busy = { count: 0 };
  const counted = <A extends unknown[], R>(work: (...given: A) => Promise<R>) => {
    return async (...given: A): Promise<R> => {
      busy.count += 1;
      try {
        return await work(...given);
      } finally {
        busy.count -= 1;
      }
    };
  };
  const interpret = createInterpreter({
    ...deps,
    ...nothingHappens,
    definitions: { daemon: counted(deps.definitions.daemon), body: counted(deps.definitions.body) },
    names: counted(deps.names),
    blobs: { get: counted(deps.blobs.get), put: counted(deps.blobs.put) },
    control: () => freeRun,
    tracker: () => tracker,
  });
  const done = interpret({ id: engineRun.id, input: engineRun.input }, createRecordedLane(history)).then(
    () => true,
    () => true,
  );
  await Promise.race([done, quiescent(busy)]);

  const ended = engineRun.status === "ended" || engineRun.status === "cancelled";
  const result = resultOf(engineRun);
  if (ended && tracker.result === null) tracker.end(result);
  else if (paused) tracker.pause();
  const summary = summaryOf(engineRun.id, input, tracker, ended ? result : null, engineRun, paused);
  const output = ended ? await unpackValue(result.output, deps.blobs) : null;
  const run: Run = {
    ...summary,
    inputs: input.inputs,
    output,
    stages: complete(daemon.stages, tracker.stages(), "", ended),
  };
  return { run, input, daemon, trees: tracker.trees };
}

/** The line of a run in lists. The same from a run going on here and from one read back. */
export function summaryOf(
  id: string,
  input: RunInput,
  tracker: Tracker,
  result: RunResult | null,
  times: { createdAt: number; endedAt: number | null },
  paused: boolean,
): RunSummary {
  const spent = result === null ? tracker.spent : { usdNanos: result.spent[0], tokens: result.spent[1] };
  const status: RunStatus = result !== null ? result.status : paused ? "paused" : tracker.status;
  return {
    id,
    status,
    daemon: input.daemon,
    trigger: input.trigger,
    parent: input.parent ?? null,
    forked_from: input.forkedFrom ?? null,
    error: result?.error ?? null,
    waiting_for: result === null ? tracker.waitingFor : null,
    queued_at: new Date(input.queuedAt).toISOString(),
    started_at: iso(result?.startedAt ?? tracker.startedAt ?? (status === "queued" ? null : times.createdAt)),
    ended_at: result === null ? null : iso(result.endedAt || times.endedAt || input.queuedAt),
    cost: toCost(spent),
    offline: result?.offline ?? tracker.offline,
  };
}

/** Cancelled runs, and runs that the engine itself gave up, return nothing: their result is made from the record. */
function resultOf(run: EngineRun): RunResult {
  const returned = run.output as unknown as RunResult | null;
  if (run.status === "ended" && returned !== null && typeof returned === "object" && "status" in returned)
    return returned;
  const failed: { status: RunResult["status"]; error?: Failure } =
    run.status === "cancelled"
      ? { status: "cancelled" }
      : { status: "failed", error: { code: "internal", message: "The run ended without a result." } };
  return {
    ...failed,
    output: { v: null },
    spent: [0, 0],
    offline: false,
    startedAt: run.startedAt ?? run.createdAt,
    endedAt: run.endedAt ?? run.createdAt,
  };
}

/** Adds the stages that have not begun, so that a page shows the whole daemon from the first moment. */
function complete(stages: Stage[], views: StageView[], prefix: string, ended: boolean): StageView[] {
  const known = new Map(views.map((view) => [view.id, view]));
  return stages.map((stage) => {
    const id = prefix === "" ? stage.id : `${prefix}.${stage.id}`;
    const view = known.get(id);
    if (view === undefined) return notBegun(stage, id, ended);
    if (stage.type === "parallel" && view.status !== "skipped")
      view.stages = stage.branches.flatMap((branch) =>
        complete(
          branch.stages,
          view.stages.filter((inner) => inner.id.startsWith(`${id}.${branch.name}.`)),
          `${id}.${branch.name}`,
          ended,
        ),
      );
    return view;
  });
}

const notBegun = (stage: Stage, id: string, ended: boolean): StageView => ({
  id,
  name: stage.name,
  type: stage.type,
  status: ended ? "skipped" : "queued",
  waiting_for: null,
  attempt: 0,
  started_at: null,
  duration_ms: null,
  cost: { usd: 0, tokens: 0, credits: 0 },
  output: null,
  error: null,
  steps: [],
  stages: [],
  child: null,
});

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const freeRun: RunControl = {
  stop: new Stop(),
  freeze: { isFrozen: () => false, onChange: () => () => {} },
  unpaused: async () => {},
  enter: async () => {},
  leave: () => {},
};

const nothingHappens = {
  reading: true,
  inputFiles: async () => [],
  send: async () => {},
  cancel: async () => {},
  ended: async () => {},
  events: {
    emit: async () => "",
    subscribe: async () => {},
    past: async () => [],
  },
  cache: { find: async () => undefined, keep: async () => {} },
  timers: { after: () => () => {} },
} satisfies Partial<InterpreterDeps>;

/** Resolves when the interpretation has come as far as the record goes. */
async function quiescent(busy: { count: number }): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    quiet = busy.count === 0 ? quiet + 1 : 0;
  }
}
