import { fail } from "@regent/contract";
import type { Expressions } from "#expressions";
import type { Blobs, Clock, Database, Ids, Log, Transaction } from "#platform";
import { beginRun, type NewRun, toNewRun } from "./begin-run.ts";
import { cancelRun, clearRun } from "./cancel-run.ts";
import { compareRuns } from "./compare.ts";
import { createControls } from "./controls.ts";
import type { Engine, Program } from "./engine.ts";
import { unpackValue } from "./envelope.ts";
import { type CheckInputs, type Definitions, type EventSource, type InterpreterDeps, systemTimers } from "./frame.ts";
import { createInterpreter } from "./interpreter.ts";
import { toMessage } from "./job.ts";
import type { Kernel, Pinned } from "./kernel.ts";
import { createLists } from "./lists.ts";
import { createNames } from "./names.ts";
import type { Performers } from "./performer.ts";
import { createProjection } from "./projection.ts";
import { createReader } from "./read-runs.ts";
import { planReplay } from "./replay.ts";
import type { RunResult } from "./run-input.ts";
import { createKernelStore } from "./store.ts";

export interface KernelDeps {
  db: Database;
  /** Makes the engine that runs the kernel's program. */
  engine(program: Program): Promise<Engine>;
  performers: Performers;
  expressions: Expressions;
  definitions: Definitions;
  blobs: Blobs;
  trees: InterpreterDeps["trees"];
  checkInputs: CheckInputs;
  inputFiles: InterpreterDeps["inputFiles"];
  /** Made after the kernel, which it starts runs with. */
  events(): EventSource;
  /** Withdraws what a run that ended still asks for. */
  ended?(run: string): Promise<void>;
  clock: Clock;
  ids: Ids;
  log: Log;
}

export interface RunningKernel extends Kernel {
  /** Goes on with runs that were left open and begins to take new ones. */
  launch(): Promise<void>;
  /** Lets steps in flight finish up to the time given; what is left goes on at the next launch. */
  close(timeoutMs: number): Promise<void>;
}

/** Runs daemons. See `kernel.ts` for what each operation promises. */
export async function createKernel(deps: KernelDeps): Promise<RunningKernel> {
  const { db, clock, ids, definitions, expressions } = deps;
  const log = { warn: (text: string) => deps.log.warn(text) };
  const store = createKernelStore(db);
  const names = createNames(deps.blobs);
  const engineOf = (): Engine => engine;
  const controls = await createControls({
    ...{ store, db, clock, definitions, expressions, log, names: names.get },
    connectionsLost: () => engineOf().connectionsLost(),
  });
  const { isPaused } = controls;
  const projection = createProjection({ store, clock, isPaused, log });
  const reader = createReader({ ...deps, engine: engineOf, names: names.get, isPaused });
  const lists = createLists({ store, reader, projection, clock, log, engine: engineOf });
  const cancelDeps = { store, controls, reader, definitions, clock, ended: deps.ended, engine: engineOf };
  const cancel = async (run: string, by: string, reason: string | null): Promise<void> => {
    await cancelRun(cancelDeps, run, by, reason);
    await lists.refresh(run);
  };

  const interpret = createInterpreter({
    ...{ performers: deps.performers, blobs: deps.blobs, trees: deps.trees, expressions, definitions, clock },
    ...{ checkInputs: deps.checkInputs, inputFiles: deps.inputFiles, names: names.get, reading: false },
    events: {
      emit: (event) => deps.events().emit(event),
      subscribe: (run, topic, type) => deps.events().subscribe(run, topic, type),
      past: (type, since, after) => deps.events().past(type, since, after),
    },
    cache: {
      find: (key) => store.findResult(key, new Date(clock.now())),
      keep: (key, result, forMs) => store.keepResult(key, result, new Date(clock.now() + forMs)),
    },
    timers: systemTimers,
    send: (run, topic, message, key) => engine.send(run, topic, message, key),
    cancel: (run) => cancel(run, "the run above", null),
    control: (run, input, keyed) => controls.of(run, input, keyed),
    tracker: (run, input) => projection.track(run, input, () => controls.forget(run)),
    ended: (run) => clearRun(cancelDeps, run),
  });
  const engine = await deps.engine((run, lane) => {
    // A takeover that raced with the cancellation: the engine has it as cancelled again in a moment.
    if (controls.isCancelled(run.id)) return new Promise(() => {});
    return interpret(run, lane);
  });
  const begin = (id: string, pinned: Pinned, run: NewRun, tx?: Transaction): Promise<string> =>
    beginRun({ ...deps, keepNames: names.keep, engine }, id, pinned, run, tx);

  return {
    start: (request, tx) => begin(request.id ?? ids.next("run"), request.pinned, toNewRun(request), tx),
    get: async (run) => (await reader.get(run)).run,
    list: lists.page,
    async cancel(run, by, reason) {
      if ((await engine.find(run))?.status === "cancelled") return;
      await reader.requireOpen(run);
      await cancel(run, by, reason ?? null);
    },
    async pause(run, by) {
      await reader.requireOpen(run);
      await store.pause(run, by, new Date(clock.now()));
      controls.hear(JSON.stringify({ pause: run }));
      await store.tell({ pause: run });
      await lists.refresh(run);
    },
    async resume(run) {
      await reader.requireOpen(run);
      if (!(await store.resume(run))) throw fail("run_is_not_paused");
      controls.hear(JSON.stringify({ resume: run }));
      await store.tell({ resume: run });
      await lists.refresh(run);
    },
    async replay(request) {
      const from = await reader.get(request.run);
      const { daemon, pins } = from.input;
      const pinned = request.pinned ?? {
        ...{ digest: daemon.digest, daemon: from.daemon, pins },
        names: await names.get(from.input.names),
      };
      return begin(request.id ?? ids.next("run"), pinned, planReplay(from, pinned.daemon, request));
    },
    compare: async (a, b) => compareRuns((await reader.get(a)).run, (await reader.get(b)).run),
    send: (run, topic, message, key, tx) => engine.send(run, topic, toMessage(message, clock.now()), key, tx),
    async settled(run, timeoutMs) {
      await engine.ended(run, timeoutMs);
      return (await reader.get(run)).run;
    },
    async outcome(run, timeoutMs) {
      const returned = (await engine.ended(run, timeoutMs)) as unknown as RunResult | null;
      if (returned !== null) {
        const output = await unpackValue(returned.output, deps.blobs);
        return { status: returned.status, output, error: returned.error ?? null };
      }
      const found = await engine.find(run);
      if (found?.status === "cancelled") return { status: "cancelled", output: null, error: null };
      return found?.status === "ended" ? { status: "failed", output: null, error: NO_RESULT } : null;
    },
    prune: lists.prune,
    rebuild: lists.rebuild,
    async launch() {
      await engine.launch();
      lists.start();
    },
    async close(timeoutMs) {
      lists.stop();
      await engine.shutdown(timeoutMs);
      await projection.close();
      await controls.close();
    },
  };
}

const NO_RESULT = { code: "internal", message: "The run ended without a result." };
