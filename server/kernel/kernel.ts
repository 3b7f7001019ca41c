import type { Daemon, Failure, Json, JsonObject, Run, RunStatus, RunSummary } from "@regent/contract";
import type { Digest, Transaction } from "#platform";

/** A daemon with everything it refers to, fixed at this moment. */
export interface Pinned {
  digest: Digest;
  daemon: Daemon;
  /** `agent/ads-agent` → digest, `daemon/other` → digest; transitively. */
  pins: Record<string, Digest>;
  /** `company`, `env` and other names that expressions of this run may read. */
  names: JsonObject;
}

export interface StartRequest {
  /** Absent: a new id. The same id again is the same run: starts can be repeated. */
  id?: string;
  pinned: Pinned;
  /** Checked and completed by `start`. */
  inputs: JsonObject;
  trigger: { kind: "manual" | "cron" | "event" | "replay" | "daemon"; name?: string; by?: string };
  /** The event that started it, in scope as `event`. */
  event?: JsonObject;
  priority?: number;
}

export interface Replay {
  /** Id of the new run. Absent: a new one. The same id again is the same run. */
  id?: string;
  run: string;
  /** Id of the first stage that runs anew; absent: the whole run. */
  from?: string;
  /** Changed inputs. */
  set?: JsonObject;
  /** Absent: the versions that the run started with. */
  pinned?: Pinned;
  by: string;
}

export interface RunFilter {
  daemon?: string;
  status?: RunStatus[];
  limit: number;
  cursor?: string;
}

export interface Comparison {
  a: RunSummary;
  b: RunSummary;
  /** One row a stage that either run has, in the order of `b`. `same` means status and output. */
  stages: { id: string; same: boolean; a: StageSide | null; b: StageSide | null }[];
  inputs: { name: string; a: Json; b: Json }[];
}

export interface StageSide {
  status: string;
  output: Json;
  duration_ms: number | null;
  usd: number | null;
  tokens: number;
}

export interface Outcome {
  status: RunStatus;
  output: Json;
  error: Failure | null;
}

/** Durable runs of daemons. Knows no model, no agent, no product. */
export interface Kernel {
  /**
   * Checks inputs, records the run and begins it.
   * @throws invalid_input (with `errors: [{ pointer, message }]` in the detail), daemon_cannot_start; no run exists then
   */
  start(request: StartRequest, tx?: Transaction): Promise<string>;
  /** The whole run, read from the engine's record at this moment. @throws not_found */
  get(run: string): Promise<Run>;
  /** From the projection; may lag 250 ms. */
  list(filter: RunFilter): Promise<{ items: RunSummary[]; nextCursor: string | null }>;
  /** Repeating it is harmless. @throws not_found, run_has_ended */
  cancel(run: string, by: string, reason?: string): Promise<void>;
  pause(run: string, by: string): Promise<void>;
  resume(run: string, by: string): Promise<void>;
  replay(replay: Replay): Promise<string>;
  compare(a: string, b: string): Promise<Comparison>;
  /** Leaves a message for a run, with the caller's own rows; wakes what waits for it. */
  send(run: string, topic: string, message: Json, key: string, tx?: Transaction): Promise<void>;
  /** Resolves when the run has ended, or at the latest after the time given. */
  settled(run: string, timeoutMs: number): Promise<Run>;
  /** What the run ended with, without its stages; null when it has not ended within the time. @throws not_found */
  outcome(run: string, timeoutMs: number): Promise<Outcome | null>;
  /** Removes ended runs older than this; returns how many. */
  prune(olderThanMs: number): Promise<number>;
  /** Drops the projection of lists and writes it again from the engine's record. */
  rebuild(): Promise<{ runs: number }>;
}
