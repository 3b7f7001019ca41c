import type { Json } from "@regent/contract";
import type { Transaction } from "#platform";

/**
 * Raised when the interpreter changes step ids, names or what is recorded: runs that began under another version wait
 * for a worker of it. `tests/replay` holds what this version records.
 */
export const INTERPRETER = "interp-1";

/**
 * The kernel's only way to durability (ARCHITECTURE, invariant 8). Two drivers: `dbos` on PostgreSQL and `simulated`
 * in one thread with a virtual clock and an order by seed. Both pass `tests/conformance/engine.ts`.
 */
export interface Engine {
  /** Starting an id that exists attaches to it: starts can be repeated. With `tx` it commits with the caller's rows. */
  start(run: StartRun, tx?: Transaction): Promise<void>;
  /**
   * Leaves a message for a run; kept until received, also when the run does not wait yet. One `key` is taken once.
   * @throws not_found
   */
  send(run: string, topic: string, message: Json, key: string, tx?: Transaction): Promise<void>;
  /**
   * After this returns the run's lanes start nothing new; bodies in flight see their signal within 1 s. A lane that waits
   * may notice only when a message wakes it: who cancels sends one.
   */
  cancel(run: string): Promise<void>;
  /** What the program returned; null when the run was cancelled, or has not ended within the time. @throws not_found */
  ended(run: string, timeoutMs: number): Promise<Json | null>;
  /** Null: no such run. */
  find(run: string): Promise<EngineRun | null>;
  /** Recorded steps, by id. */
  history(run: string): Promise<RecordedStep[]>;
  /** Runs that the engine knows, newest first; for rebuilding the projection and for retention. */
  list(page: { offset: number; limit: number }): Promise<EngineRun[]>;
  /** Removes runs that have ended. */
  remove(runs: string[]): Promise<void>;
  /** Connections to the database were lost: what was told meanwhile may lie unread, and is looked for. */
  connectionsLost(): void;
  /** Claims runs of dead processes and goes on with them; starts taking work. */
  launch(): Promise<void>;
  /** Takes nothing new, waits for steps in flight up to the limit. What is left goes on at the next launch. */
  shutdown(timeoutMs: number): Promise<void>;
}

export interface StartRun {
  id: string;
  input: Json;
  /** Lower is first. */
  priority?: number;
}

export interface EngineRun {
  id: string;
  input: Json;
  status: "queued" | "running" | "ended" | "cancelled";
  /** What the program returned. */
  output: Json;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
}

export interface RecordedStep {
  id: number;
  name: string;
  output: Json;
  /** True: the engine recorded an error here (a child that was cancelled). */
  failed: boolean;
  /** The run that was started here. */
  child: string | null;
  startedAt: number;
  endedAt: number;
}

/** What runs inside the engine: deterministic but for what goes through the lane. */
export type Program = (run: { id: string; input: Json }, lane: Lane) => Promise<Json>;

/**
 * A private range of step ids. Two lanes may advance in any order without disturbing each other's numbers, so
 * parallel work replays whatever finished first.
 */
export interface Lane {
  /** The body runs at least once, its result is recorded once. It must not throw anything but `Interrupted`. */
  step(name: string, body: () => Promise<Json>): Promise<Json>;
  /** Null after `timeoutMs`, whose deadline is recorded once. Also the cancellable timer. */
  receive(name: string, topic: string, timeoutMs: number): Promise<Json | null>;
  /** Starts a run as a child of this one (or attaches to it after a crash) and waits for its end. */
  child(name: string, run: StartRun): Promise<Json>;
  /** Equal parts of this lane. Throws `too_many_items` when a part would hold fewer than 32 steps. */
  split(count: number): Lane[];
}

/** The run was cancelled, or another process owns it now. Never caught, only passed on. */
export class Interrupted extends Error {
  override name = "Interrupted";
}
