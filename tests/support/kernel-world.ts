import { createHash } from "node:crypto";
import type { Daemon, Json, JsonObject, Stage } from "@regent/contract";
import { createExpressions } from "#expressions";
import {
  createInterpreter,
  createSimulatedEngine,
  type EngineRun,
  type InterpreterDeps,
  type Performers,
  type RecordedStep,
  type RunControl,
  readRun,
  type SimulatedEngine,
  type SimulatedStore,
  Stop,
  Tracker,
} from "#kernel";
import type { Digest } from "#platform";
import type { Mutant } from "./mutants.ts";

/** What the outside world saw: every execution of a step's body, in order. It survives simulated crashes. */
export interface World {
  effects: { key: string; name: string; value: Json }[];
  events: { id: string; type: string; data: JsonObject; at: number }[];
  subscriptions: { run: string; topic: string; type: string }[];
  results: Map<string, { output: Json; tree: Digest | null }>;
  blobs: Map<string, Uint8Array>;
  daemons: Map<string, Daemon>;
}

export const createWorld = (): World => ({
  effects: [],
  events: [],
  subscriptions: [],
  results: new Map(),
  blobs: new Map(),
  daemons: new Map(),
});

const expressions = createExpressions();

/** A stage in canonical form from the few fields that matter to a test. */
export function stage(fields: Partial<Stage> & { id: string; type: Stage["type"] } & Record<string, unknown>): Stage {
  return {
    name: fields.id,
    needs: [],
    handler: false,
    fallback: [],
    onError: { do: "fail" },
    evidence: [],
    network: [],
    ...fields,
  } as unknown as Stage;
}

/** Stages that follow one another. */
export const sequence = (stages: Stage[]): Stage[] => {
  let last: string | undefined;
  return stages.map((one) => {
    if (one.handler) return one;
    const needs = last === undefined ? [] : [last];
    last = one.id;
    return { ...one, needs };
  });
};

export function daemon(id: string, stages: Stage[], rest: Partial<Daemon> = {}): Daemon {
  return {
    ...{ id, name: id, version: "1.0.0", inputs: [], triggers: [], uses: [], cachePaths: [], stages },
    ...rest,
  };
}

export const register = (world: World, one: Daemon): Digest => {
  const digest = `sha256:${createHash("sha256").update(JSON.stringify(one)).digest("hex")}` as const;
  world.daemons.set(digest, one);
  return digest;
};

const EMPTY = `sha256:${"0".repeat(64)}` as Digest;

/** Interprets in one process: crashes, clocks and order are the seed's. */
export function simulate(
  world: World,
  performers: Performers,
  options: {
    seed: number;
    store?: SimulatedStore;
    crash?: (moment: string, count: number) => boolean;
    busy?: () => boolean;
    mutant?: Mutant;
  },
): SimulatedEngine & { read(run: string): ReturnType<typeof readRun>; cancelRun(run: string): Promise<void> } {
  const controls = new Map<string, Stop>();
  const control = (run: string): RunControl => {
    const stop = controls.get(run) ?? new Stop();
    controls.set(run, stop);
    return {
      stop,
      freeze: { isFrozen: () => false, onChange: () => () => {} },
      unpaused: async () => {},
      enter: async () => {},
      leave: () => {},
    };
  };
  const deps = (engine: () => SimulatedEngine): Omit<InterpreterDeps, "tracker"> => ({
    performers,
    expressions,
    definitions: {
      daemon: async (digest) => world.daemons.get(digest)!,
      body: async (digest) => world.daemons.get(digest) as unknown as Json,
    },
    blobs: {
      async put(bytes) {
        const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest;
        world.blobs.set(digest, bytes);
        return digest;
      },
      get: async (digest) => world.blobs.get(digest)!,
    },
    trees: { empty: EMPTY, merge: async (_base, branches) => digestOfText(branches.map((one) => one.tree).join()) },
    checkInputs: (_daemon, inputs) => ({ inputs, errors: [] }),
    names: async () => ({}),
    inputFiles: async () => [],
    events: {
      async emit(event) {
        const id = event.id ?? `evt_${world.events.length}`;
        if (!world.events.some((one) => one.id === id)) {
          world.events.push({ id, type: event.type, data: event.data, at: engine().now() });
          for (const one of world.subscriptions)
            if (one.type === event.type)
              await engine().send(
                one.run,
                one.topic,
                { m: { ...event.data, id, type: event.type }, at: engine().now() },
                `event:${id}:${one.topic}`,
              );
        }
        return id;
      },
      async subscribe(run, topic, type) {
        if (!world.subscriptions.some((one) => one.run === run && one.topic === topic))
          world.subscriptions.push({ run, topic, type });
      },
      past: async (type, since, after) => {
        const all = world.events
          .filter((one) => one.type === type && one.at >= since)
          .map((one) => ({ ...one, source: "world", at: new Date(one.at).toISOString() }));
        return after === undefined ? all : all.slice(all.findIndex((one) => one.id === after) + 1);
      },
    },
    cache: {
      find: async (key) => world.results.get(key),
      keep: async (key, result) => void world.results.set(key, result),
    },
    clock: { now: () => engine().now() },
    timers: { after: (ms, work) => engine().after(ms, work) },
    send: (run, topic, message, key) => engine().send(run, topic, message, key),
    cancel: async (run) => {
      controls.get(run)?.abort();
      await engine().cancel(run);
    },
    control,
    ended: async () => {},
    reading: false,
  });
  const interpret = createInterpreter({
    ...deps(() => engine),
    tracker: () => new Tracker(),
    ...(options.mutant?.silent ? { send: async () => {} } : {}),
  });
  const engine: SimulatedEngine = createSimulatedEngine(
    {
      seed: options.seed,
      program: (run, lane) => interpret(run, options.mutant?.lane?.(lane) ?? lane),
      ...(options.crash === undefined ? {} : { crash: options.crash }),
      ...(options.busy === undefined ? {} : { busy: options.busy }),
    },
    options.store,
  );
  return Object.assign(engine, {
    async read(run: string) {
      return readRun(
        deps(() => engine),
        (await engine.find(run)) as EngineRun,
        (await engine.history(run)) as RecordedStep[],
        false,
      );
    },
    async cancelRun(run: string) {
      controls.get(run)?.abort();
      await engine.cancel(run);
    },
  });
}

const digestOfText = (text: string): Digest => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** The input of a run of this daemon, as the kernel would make it. */
export const runInput = (
  digest: Digest,
  one: Daemon,
  inputs: JsonObject = {},
  pins: Record<string, Digest> = {},
): Json =>
  ({
    daemon: { id: one.id, version: one.version, digest },
    ...{
      pins,
      names: {},
      inputs,
      given: inputs,
      files: [],
      trigger: { kind: "manual" },
      queuedAt: Date.UTC(2026, 0, 1),
    },
  }) as unknown as Json;
