import type { Daemon, Event, Json, JsonObject } from "@regent/contract";
import type { Expressions } from "#expressions";
import type { Clock, Digest } from "#platform";
import type { BlobStore } from "./envelope.ts";
import type { Performers, Scope } from "./performer.ts";
import type { RunInput } from "./run-input.ts";
import type { Stop } from "./stop.ts";
import type { Tracker } from "./tracker.ts";

/** What interpreting a run needs from outside. `app.ts` joins it; the page of a run uses the same with a dead `send`. */
export interface InterpreterDeps {
  performers: Performers;
  expressions: Pick<Expressions, "evaluate" | "render">;
  definitions: Definitions;
  /** The names that expressions of a run may read. */
  names(digest: Digest): Promise<JsonObject>;
  blobs: BlobStore;
  trees: { readonly empty: Digest; merge(base: Digest, branches: { name: string; tree: Digest }[]): Promise<Digest> };
  checkInputs: CheckInputs;
  /** The trees behind inputs of type file and folder. @throws not_found */
  inputFiles(daemon: Daemon, inputs: JsonObject): Promise<{ name: string; tree: Digest }[]>;
  events: EventSource;
  cache: StageCache;
  clock: Clock;
  timers: Timers;
  /** Leaves a message for a run; for waking lanes that are no longer wanted. */
  send(run: string, topic: string, message: Json, key: string): Promise<void>;
  /** @param keyed  the daemon has a concurrency key */
  control(run: string, input: RunInput, keyed: boolean): RunControl;
  tracker(run: string, input: RunInput): Tracker;
  /** Cancels a child run that is no longer wanted. */
  cancel(run: string): Promise<void>;
  /** Called with every run of a daemon that asks or waits, before the engine records its end. Repeating it is harmless. */
  ended(run: string): Promise<void>;
  /** True where a record is only read back: nothing begins, nobody is waited for. */
  reading: boolean;
}

export interface Definitions {
  daemon(digest: Digest): Promise<Daemon>;
  body(digest: Digest): Promise<Json | undefined>;
}

/** Completes and checks inputs. `errors` is empty when they fit. */
export type CheckInputs = (
  daemon: Daemon,
  inputs: JsonObject,
  names: JsonObject,
) => { inputs: JsonObject; errors: { pointer: string; message: string }[] };

/** What the kernel needs of events; `triggers/` provides it. */
export interface EventSource {
  emit(event: { id?: string; type: string; data: JsonObject; source: string }): Promise<string>;
  subscribe(run: string, topic: string, type: string): Promise<void>;
  past(type: string, sinceMs: number, after?: string): Promise<Event[]>;
}

export interface StageCache {
  find(key: Digest): Promise<{ output: Json; tree: Digest | null } | undefined>;
  keep(key: Digest, result: { output: Json; tree: Digest | null }, forMs: number): Promise<void>;
}

export interface Timers {
  after(ms: number, work: () => void): () => void;
}

export const systemTimers: Timers = {
  after(ms, work) {
    const timer = setTimeout(work, Math.min(ms, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

/** What people and the process say to a run while it goes on. Nothing of it is recorded: it only delays or stops. */
export interface RunControl {
  /** Aborts when the run is cancelled. */
  readonly stop: Stop;
  readonly freeze: { isFrozen(): boolean; onChange(listener: (frozen: boolean) => void): () => void };
  /** Resolves when the run is not paused. */
  unpaused(): Promise<void>;
  /** Resolves when the run has its place among those of its concurrency key. Calls are counted. */
  enter(): Promise<void>;
  /** Gives the place back when the last lane that entered has left: the run waits, or has ended. */
  leave(): void;
}

/** The limit of the run, or of a stage that encloses others. */
export interface Deadline {
  /** Path of the stage; empty for the run. */
  owner: string;
  limitMs: number;
  at(): number;
}

/** One run while it is interpreted. */
export interface RunFrame {
  deps: InterpreterDeps;
  id: string;
  input: RunInput;
  daemon: Daemon;
  control: RunControl;
  tracker: Tracker;
  /** Waiting at gates does not count towards the run's duration. */
  gateWaits: { from: number; to: number }[];
  limitNanos?: number;
}

/** A group of stages inside a run: the run itself, a branch, an item. */
export interface Frame {
  run: RunFrame;
  scope: () => Scope;
  /** Prefix of the paths of its stages; empty at the top. */
  path: string;
  order: number[];
  /** The workspace as it was when the group began. */
  tree: Digest;
  stop: Stop;
  deadlines: Deadline[];
}

type Wait = RunFrame["gateWaits"][number];

/** Length of the union of the waits. */
export const unionMs = (waits: Wait[]): number => joinWaits(waits).reduce((sum, { from, to }) => sum + (to - from), 0);

/** Waits that overlap as one, in order. */
export function joinWaits(waits: Wait[]): Wait[] {
  const joined: Wait[] = [];
  for (const { from, to } of [...waits].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else joined.push({ from, to: Math.max(from, to) });
  }
  return joined;
}
