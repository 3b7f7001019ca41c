import { fail, type Json, type JsonObject, type Run } from "@regent/contract";
import type { Expressions } from "#expressions";
import type { Blobs, Clock, Database, Ids, Log } from "#platform";
import { compareRuns } from "./compare.ts";
import { createControls } from "./controls.ts";
import type { Engine, Program } from "./engine.ts";
import { unpackValue } from "./envelope.ts";
import { type CheckInputs, type Definitions, type EventSource, type InterpreterDeps, systemTimers } from "./frame.ts";
import { createInterpreter } from "./interpreter.ts";
import { toMessage } from "./job.ts";
import type { Kernel, Pinned, StartRequest } from "./kernel.ts";
import { missingParts } from "./missing.ts";
import { createNames } from "./names.ts";
import type { Performers } from "./performer.ts";
import { createProjection } from "./projection.ts";
import { planReplay } from "./replay.ts";
import type { RunInput, RunResult } from "./run-input.ts";
import { createKernelStore } from "./store.ts";
import { type Reading, readRun } from "./view.ts";

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

/** Looked for at this distance among recent runs; among all of them every five minutes. */
const CATCH_UP_MS = 10_000;
const RECENT_MS = 600_000;
const FULL_BEATS = 30;

/** Runs daemons. See `kernel.ts` for what each operation promises. */
export async function createKernel(deps: KernelDeps): Promise<RunningKernel> {
  const { clock, db, ids } = deps;
  const log = { warn: (text: string) => deps.log.warn(text) };
  const store = createKernelStore(db);
  const names = createNames(deps.blobs);
  const controls = await createControls({
    names: names.get,
    store,
    db,
    clock,
    definitions: deps.definitions,
    expressions: deps.expressions,
    log,
  });
  const projection = createProjection({ store, clock, isPaused: controls.isPaused, log });
  const trees = deps.trees;

  const interpret = createInterpreter({
    performers: deps.performers,
    expressions: deps.expressions,
    definitions: deps.definitions,
    names: names.get,
    blobs: deps.blobs,
    trees,
    checkInputs: deps.checkInputs,
    inputFiles: deps.inputFiles,
    events: {
      emit: (event) => deps.events().emit(event),
      subscribe: (run, topic, type) => deps.events().subscribe(run, topic, type),
      past: (type, since, after) => deps.events().past(type, since, after),
    },
    cache: {
      find: (key) => store.findResult(key, new Date(clock.now())),
      keep: (key, result, forMs) => store.keepResult(key, result, new Date(clock.now() + forMs)),
    },
    clock,
    timers: systemTimers,
    send: (run, topic, message, key) => engine.send(run, topic, message, key),
    cancel: (run) => cancelTree(run, "the run above", null),
    control: (run, input, keyed) => controls.of(run, input, keyed),
    tracker: (run, input) => projection.track(run, input, () => controls.forget(run)),
    ended: (run) => clear(run),
    reading: false,
  });
  let chores: NodeJS.Timeout | undefined;
  const engine = await deps.engine((run, lane) => {
    if (controls.isCancelled(run.id)) return new Promise(() => {});
    return interpret(run, lane);
  });

  /** Everything a run may have left with others: its place, its open questions. */
  async function clear(run: string): Promise<void> {
    const place = await store.placeOf(run);
    if (place !== undefined) await leavePlace(run, place.key);
    await deps.ended?.(run);
  }

  async function leavePlace(run: string, key: string): Promise<void> {
    const input = (await engine.find(run))?.input as unknown as RunInput | undefined;
    const daemon = input === undefined ? undefined : await deps.definitions.daemon(input.daemon.digest);
    for (const next of await store.releasePlace(run, key, daemon?.concurrency?.limit ?? 1))
      await store.tell({ place: next });
  }

  async function cancelTree(run: string, by: string, reason: string | null): Promise<void> {
    await store.recordCancellation(run, by, reason, new Date(clock.now()));
    await engine.cancel(run);
    controls.hear(JSON.stringify({ cancel: run }));
    await store.tell({ cancel: run });
    await projection.flush();
    const reading = await read(run);
    if (reading !== undefined) {
      const { inputs: _inputs, output: _output, stages, ...summary } = reading.run;
      await store.write([summary]);
      for (const child of childrenOf(stages)) {
        const known = await engine.find(child);
        if (known !== null && known.status !== "ended" && known.status !== "cancelled")
          await cancelTree(child, by, reason);
      }
    }
    await clear(run);
  }

  async function read(run: string): Promise<Reading | undefined> {
    const engineRun = await engine.find(run);
    if (engineRun === null) return undefined;
    const history = await engine.history(run);
    return readRun({ ...deps, names: names.get }, engineRun, history, controls.isPaused(run));
  }

  async function reading(run: string): Promise<Reading> {
    const found = await read(run);
    if (found === undefined) throw fail("not_found", { what: "run" });
    return found;
  }

  async function open(run: string): Promise<void> {
    const found = await engine.find(run);
    if (found === null) throw fail("not_found", { what: "run" });
    if (found.status === "ended" || found.status === "cancelled") {
      const status =
        found.status === "cancelled" ? "cancelled" : String((found.output as JsonObject | null)?.status ?? "ended");
      throw fail("run_has_ended", { status });
    }
  }

  async function begin(
    id: string,
    pinned: Pinned,
    input: NewRun,
    tx?: Parameters<Kernel["start"]>[1],
  ): Promise<string> {
    const { daemon, digest, pins } = pinned;
    const missing = await missingParts(pinned, deps.performers, deps.definitions);
    if (missing.length > 0) throw fail("daemon_cannot_start", { daemon: daemon.id, missing: missing.join("; ") });
    const checked = deps.checkInputs(daemon, input.inputs, pinned.names);
    if (checked.errors.length > 0) throw fail("invalid_input", { errors: checked.errors as unknown as Json });
    const runInput: RunInput = {
      ...input,
      daemon: { id: daemon.id, version: daemon.version, digest },
      pins,
      names: await names.keep(pinned.names),
      inputs: checked.inputs,
      given: input.inputs,
      files: await deps.inputFiles(daemon, checked.inputs),
      queuedAt: clock.now(),
    };
    await engine.start(
      { id, input: runInput as unknown as Json, ...(input.priority === undefined ? {} : { priority: input.priority }) },
      tx,
    );
    return id;
  }

  return {
    start: (request: StartRequest, tx) =>
      begin(
        request.id ?? ids.next("run"),
        request.pinned,
        {
          inputs: request.inputs,
          trigger: request.trigger,
          ...(request.event === undefined ? {} : { event: request.event }),
          ...priorityOf(request),
        },
        tx,
      ),
    get: async (run) => (await reading(run)).run,
    async list(filter) {
      const before = filter.cursor === undefined ? undefined : fromCursor(filter.cursor);
      const items = await store.list({
        ...(filter.daemon === undefined ? {} : { daemon: filter.daemon }),
        ...(filter.status === undefined ? {} : { status: filter.status }),
        ...(before === undefined ? {} : { before }),
        limit: filter.limit + 1,
      });
      const page = items.slice(0, filter.limit);
      const last = page.at(-1);
      return {
        items: page,
        nextCursor: items.length > filter.limit && last !== undefined ? toCursor(last.queued_at, last.id) : null,
      };
    },
    async cancel(run, by, reason) {
      const found = await engine.find(run);
      if (found?.status === "cancelled") return;
      await open(run);
      await cancelTree(run, by, reason ?? null);
    },
    async pause(run, by) {
      await open(run);
      await store.pause(run, by, new Date(clock.now()));
      controls.hear(JSON.stringify({ pause: run }));
      await store.tell({ pause: run });
      await refresh(run);
    },
    async resume(run) {
      await open(run);
      if (!(await store.resume(run))) throw fail("run_is_not_paused");
      controls.hear(JSON.stringify({ resume: run }));
      await store.tell({ resume: run });
      await refresh(run);
    },
    async replay(request) {
      const from = await reading(request.run);
      const pinned = request.pinned ?? {
        digest: from.input.daemon.digest,
        daemon: from.daemon,
        pins: from.input.pins,
        names: await names.get(from.input.names),
      };
      return begin(request.id ?? ids.next("run"), pinned, planReplay(from, pinned.daemon, request));
    },
    async compare(a, b) {
      const [one, other] = [await reading(a), await reading(b)];
      return compareRuns(one.run, other.run);
    },
    send: (run, topic, message, key, tx) => engine.send(run, topic, toMessage(message, clock.now()), key, tx),
    async settled(run, timeoutMs) {
      await engine.ended(run, timeoutMs);
      return (await reading(run)).run;
    },
    async outcome(run, timeoutMs) {
      const returned = (await engine.ended(run, timeoutMs)) as unknown as RunResult | null;
      if (returned !== null) {
        const output = await unpackValue(returned.output, deps.blobs);
        return { status: returned.status, output, error: returned.error ?? null };
      }
      const found = await engine.find(run);
      if (found?.status === "cancelled") return { status: "cancelled", output: null, error: null };
      return found?.status === "ended"
        ? { status: "failed", output: null, error: { code: "internal", message: "The run ended without a result." } }
        : null;
    },
    async prune(olderThanMs) {
      let count = 0;
      for (;;) {
        const runs = await store.endedBefore(new Date(clock.now() - olderThanMs), 500);
        if (runs.length === 0) break;
        await engine.remove(runs);
        await store.forget(runs);
        count += runs.length;
      }
      await store.forgetResults(new Date(clock.now()));
      return count;
    },
    async rebuild() {
      await projection.flush();
      await store.clear();
      let runs = 0;
      for (let offset = 0; ; offset += 200) {
        const page = await engine.list({ offset, limit: 200 });
        if (page.length === 0) break;
        for (const one of page) {
          const {
            inputs: _inputs,
            output: _output,
            stages: _stages,
            ...summary
          } = (
            await readRun({ ...deps, names: names.get }, one, await engine.history(one.id), controls.isPaused(one.id))
          ).run;
          await store.write([summary]);
          runs += 1;
        }
      }
      return { runs };
    },
    async launch() {
      await engine.launch();
      void catchUp(null);
      let beats = 0;
      chores = setInterval(() => void catchUp(++beats % FULL_BEATS === 0 ? null : RECENT_MS), CATCH_UP_MS);
    },
    async close(timeoutMs) {
      clearInterval(chores);
      await engine.shutdown(timeoutMs);
      await projection.close();
      await controls.close();
    },
  };

  /** Writes rows that a process which died did not write any more. */
  async function catchUp(recentMs: number | null): Promise<void> {
    try {
      for (const run of await store.behind(recentMs === null ? null : new Date(clock.now() - recentMs))) {
        const found = await read(run);
        if (found === undefined) continue;
        const { inputs: _inputs, output: _output, stages: _stages, ...summary } = found.run;
        await store.write([summary]);
      }
    } catch (error) {
      log.warn(`Rows of runs could not be brought up to date: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** A pause changes nothing in the record, so the row must be told. */
  async function refresh(run: string): Promise<void> {
    const { inputs: _inputs, output: _output, stages: _stages, ...summary } = (await reading(run)).run;
    await projection.flush();
    await store.write([summary]);
  }
}

/** What a start or a replay decides; `begin` adds the rest. */
type NewRun = Pick<RunInput, "inputs" | "trigger" | "event" | "priority" | "forkedFrom" | "reuse">;

const priorityOf = (request: StartRequest): { priority?: number } => {
  const priority = request.priority ?? request.pinned.daemon.priority;
  return priority === undefined ? {} : { priority };
};

const childrenOf = (stages: Run["stages"]): string[] =>
  stages.flatMap((stage) => [...(stage.child === null ? [] : [stage.child]), ...childrenOf(stage.stages)]);

const toCursor = (at: string, id: string): string => Buffer.from(`${at} ${id}`).toString("base64url");

function fromCursor(cursor: string): { at: string; id: string } {
  const [at = "", id = ""] = Buffer.from(cursor, "base64url").toString().split(" ");
  if (Number.isNaN(Date.parse(at)) || id === "")
    throw fail("invalid_input", { errors: [{ pointer: "/cursor", message: "is not a cursor of this list" }] });
  return { at, id };
}
