import { fail, type Json } from "@regent/contract";
import { type Engine, type EngineRun, Interrupted, type Program, type RecordedStep, type StartRun } from "../engine.ts";
import { createLane, type Operations } from "../lane.ts";

export interface SimulatedOptions {
  program: Program;
  /** The same seed gives the same order of everything. */
  seed: number;
  /** Milliseconds since 1970 at which the virtual clock begins. */
  startAt?: number;
  /** Asked before each durable write and each delivery; true ends the process there. */
  crash?: (moment: string, count: number) => boolean;
  /** True while bodies do real work, such as a query: the clock stands still until it is done. */
  busy?: () => boolean;
}

interface SimulatedRun {
  id: string;
  input: Json;
  status: EngineRun["status"];
  output: Json;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  steps: Map<number, RecordedStep>;
  messages: { topic: string; message: Json; key: string; consumed: boolean }[];
  /** Deadlines of waits, recorded once. */
  deadlines: Map<number, number>;
}

/** What survives a crash of the simulated process: the engine's tables. */
export interface SimulatedStore {
  runs: Map<string, SimulatedRun>;
  now: number;
}

export interface SimulatedEngine extends Engine {
  /**
   * Works until nothing is left to do but to wait for somebody, or until a moment of the virtual clock. Jumps over
   * timers. Resolves "crashed" at a crash.
   */
  settle(until?: number): Promise<"idle" | "crashed">;
  now(): number;
  /** For `Timers`: fires on the virtual clock. */
  after(ms: number, work: () => void): () => void;
  readonly store: SimulatedStore;
  /** How many moments the crash question was asked for. */
  readonly moments: number;
}

interface Task {
  at: number;
  work: () => void;
  cancelled: boolean;
}

/**
 * The engine in one thread, with a virtual clock and an order drawn from a seed. Between two draws everything that is
 * ready has run as far as it can, so a seed is one history. A crash leaves the store and forgets everything else;
 * a new engine on the same store is the restarted process.
 */
export function createSimulatedEngine(
  options: SimulatedOptions,
  store: SimulatedStore = newStore(options),
): SimulatedEngine {
  const random = mulberry32(options.seed);
  const tasks: Task[] = [];
  const waiting = new Set<{ run: SimulatedRun; topic: string; wake: () => void }>();
  const ended = new Map<string, (() => void)[]>();
  let bodies = 0;
  let moments = 0;
  let crashed = false;

  const at = (when: number, work: () => void): Task => {
    const task = { at: when, work, cancelled: false };
    tasks.push(task);
    return task;
  };
  /** Schedules a moment; at it the process may end. */
  const moment = (name: string, work: () => void): void => {
    at(store.now, () => {
      moments += 1;
      if (options.crash?.(name, moments) === true) crashed = true;
      else work();
    });
  };
  const never = new Promise<never>(() => {});

  function operationsOf(run: SimulatedRun): Operations {
    const alive = (): void => {
      if (run.status === "cancelled") throw new Interrupted("cancelled");
    };
    const record = (
      id: number,
      name: string,
      output: Json,
      startedAt: number,
      child: string | null = null,
      failed = false,
    ): void => {
      const known = run.steps.get(id);
      if (known !== undefined && known.name !== name)
        throw new Error(`step ${id} of ${run.id} is ${known.name}, not ${name}`);
      run.steps.set(id, { id, name, output: clone(output), failed, child, startedAt, endedAt: store.now });
    };
    const replayed = async (id: number, name: string): Promise<RecordedStep | undefined> => {
      await new Promise<void>((resolve) => moment(`look up ${name}`, resolve));
      alive();
      const known = run.steps.get(id);
      if (known !== undefined && known.name !== name)
        throw new Error(`step ${id} of ${run.id} is ${known.name}, not ${name}`);
      return known;
    };
    return {
      async step(id, name, body) {
        const known = await replayed(id, name);
        if (known !== undefined) return clone(known.output);
        const startedAt = store.now;
        bodies += 1;
        let output: Json;
        try {
          output = await body();
        } finally {
          bodies -= 1;
        }
        if (crashed) return never;
        await new Promise<void>((resolve) => moment(`record ${name}`, resolve));
        alive();
        record(id, name, output, startedAt);
        await new Promise<void>((resolve) => moment(`deliver ${name}`, resolve));
        return clone(output);
      },
      async receive(id, name, topic, timeoutMs) {
        const label = `receive ${name}`;
        const known = await replayed(id, label);
        if (known !== undefined) return clone(known.output);
        const startedAt = store.now;
        const deadline = run.deadlines.get(id) ?? store.now + timeoutMs;
        run.deadlines.set(id, deadline);
        for (;;) {
          alive();
          const found = run.messages.find((one) => !one.consumed && one.topic === topic);
          if (found !== undefined || store.now >= deadline) {
            await new Promise<void>((resolve) => moment(`record ${label}`, resolve));
            alive();
            const message = run.messages.find((one) => !one.consumed && one.topic === topic);
            if (message === undefined && store.now < deadline) continue;
            if (message !== undefined) message.consumed = true;
            record(id, label, message?.message ?? null, startedAt);
            return clone(message?.message ?? null);
          }
          await new Promise<void>((resolve) => {
            const waiter = { run, topic, wake: () => done() };
            const timer = at(deadline, () => done());
            const done = () => {
              timer.cancelled = true;
              waiting.delete(waiter);
              resolve();
            };
            waiting.add(waiter);
          });
        }
      },
      async child(id, name, start) {
        const label = `child ${name}`;
        if ((await replayed(id, label)) === undefined) {
          await new Promise<void>((resolve) => moment(`record ${label}`, resolve));
          insert(start);
          record(id, label, start.id, store.now, start.id);
        }
        const endLabel = `result ${name}`;
        const known = await replayed(id + 1, endLabel);
        if (known !== undefined) {
          if (known.failed) throw new Error("the child was cancelled");
          return clone(known.output);
        }
        const child = store.runs.get(start.id)!;
        while (child.status === "queued" || child.status === "running") {
          await new Promise<void>((resolve) => {
            const list = ended.get(child.id) ?? [];
            ended.set(child.id, [...list, resolve]);
          });
          alive();
        }
        await new Promise<void>((resolve) => moment(`record ${endLabel}`, resolve));
        alive();
        record(id + 1, endLabel, child.output, store.now, null, child.status === "cancelled");
        if (child.status === "cancelled") throw new Error("the child was cancelled");
        return clone(child.output);
      },
    };
  }

  function insert(start: StartRun): void {
    if (store.runs.has(start.id)) return;
    const run: SimulatedRun = {
      ...{ id: start.id, input: clone(start.input), status: "queued", output: null, createdAt: store.now },
      ...{ startedAt: null, endedAt: null, steps: new Map(), messages: [], deadlines: new Map() },
    };
    store.runs.set(run.id, run);
    begin(run);
  }

  function begin(run: SimulatedRun): void {
    moment(`begin ${run.id}`, () => {
      if (run.status !== "queued" && run.status !== "running") return;
      run.status = "running";
      run.startedAt ??= store.now;
      options.program({ id: run.id, input: clone(run.input) }, createLane(operationsOf(run))).then(
        (output) => moment(`end ${run.id}`, () => finish(run, output)),
        (error: unknown) => {
          if (!(error instanceof Interrupted)) failures.push(error);
        },
      );
    });
  }

  const failures: unknown[] = [];
  function finish(run: SimulatedRun, output: Json): void {
    if (run.status !== "running") return;
    run.status = "ended";
    run.output = clone(output);
    run.endedAt = store.now;
    wakeEnded(run.id);
  }
  function wakeEnded(id: string): void {
    for (const wake of ended.get(id) ?? []) wake();
    ended.delete(id);
  }

  async function settle(until = Number.POSITIVE_INFINITY): Promise<"idle" | "crashed"> {
    for (;;) {
      await quiet();
      if (failures.length > 0) throw failures[0];
      if (crashed) return "crashed";
      const live = tasks.filter((task) => !task.cancelled);
      tasks.splice(0, tasks.length, ...live);
      const ready = live.filter((task) => task.at <= store.now);
      if (ready.length === 0) {
        const next = live.reduce((soonest, task) => Math.min(soonest, task.at), Number.POSITIVE_INFINITY);
        if (next > until) store.now = Math.max(store.now, until);
        if (next > until || next - store.now > HORIZON_MS) return "idle";
        store.now = next;
        continue;
      }
      const chosen = ready[Math.floor(random() * ready.length)]!;
      chosen.cancelled = true;
      chosen.work();
    }
  }

  /** Waits until everything that is ready has run as far as it can; bodies may do real asynchronous work. */
  async function quiet(): Promise<void> {
    await turn();
    for (let i = 0; !crashed && ((i < 3 && bodies > 0) || options.busy?.()); i++) await turn();
  }

  const engine: SimulatedEngine = {
    store,
    get moments() {
      return moments;
    },
    now: () => store.now,
    after(ms, work) {
      const task = at(store.now + ms, work);
      return () => {
        task.cancelled = true;
      };
    },
    async start(run) {
      insert(run);
    },
    async send(id, topic, message, key) {
      const run = store.runs.get(id);
      if (run === undefined) throw fail("not_found", { what: "run" });
      if (run.messages.some((one) => one.key === key)) return;
      run.messages.push({ topic, message: clone(message), key, consumed: false });
      for (const waiter of [...waiting]) if (waiter.run === run && waiter.topic === topic) waiter.wake();
    },
    async cancel(id) {
      const run = store.runs.get(id);
      if (run === undefined || (run.status !== "queued" && run.status !== "running")) return;
      run.status = "cancelled";
      run.endedAt = store.now;
      wakeEnded(id);
      for (const waiter of [...waiting]) if (waiter.run === run) waiter.wake();
    },
    async ended(id) {
      const run = store.runs.get(id);
      if (run === undefined) throw fail("not_found", { what: "run" });
      return run.status === "ended" ? clone(run.output) : null;
    },
    async find(id) {
      return store.runs.get(id) ?? null;
    },
    async history(id) {
      return [...(store.runs.get(id)?.steps.values() ?? [])].sort((a, b) => a.id - b.id);
    },
    async list({ offset, limit }) {
      return [...store.runs.values()].reverse().slice(offset, offset + limit);
    },
    async remove(ids) {
      for (const id of ids) store.runs.delete(id);
    },
    async launch() {
      for (const run of store.runs.values()) if (run.status === "queued" || run.status === "running") begin(run);
    },
    connectionsLost() {},
    async shutdown() {},
    settle,
  };
  return engine;
}

/** Waits of more than this are waits for somebody, not for time: `settle` returns. */
const HORIZON_MS = 400 * 86_400_000;

const newStore = (options: SimulatedOptions): SimulatedStore => ({
  runs: new Map(),
  now: options.startAt ?? Date.UTC(2026, 0, 1),
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** As the durable engine does: what is recorded goes through JSON. */
const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value ?? null)) as T;

/** A small generator with a 32-bit state; the order of a simulation needs no better one. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
