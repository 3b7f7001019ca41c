import type { JsonObject } from "@regent/contract";
import type { Digest } from "#platform";
import type { Envelope } from "./envelope.ts";
import type { StartRequest } from "./kernel.ts";
import type { StageEnd } from "./scope.ts";

/** What the engine keeps as the input of a run: all that its interpretation depends on. */
export interface RunInput {
  daemon: { id: string; version: string; digest: Digest };
  pins: Record<string, Digest>;
  /** Of the names that expressions may read, kept as a blob: thousands of runs share one. */
  names: Digest;
  /** Completed by the check; `given` is what came in, for a replay. */
  inputs: JsonObject;
  given: JsonObject;
  files: { name: string; tree: Digest; kind?: "file" | "folder" }[];
  trigger: StartRequest["trigger"];
  event?: JsonObject;
  parent?: string;
  forkedFrom?: string;
  priority?: number;
  queuedAt: number;
  /** Of the runs and stages above this one, as moments. */
  limits?: RunLimit[];
  /** Ends of stages taken over from the run that this one was forked from, with the workspace after each. */
  reuse?: Record<string, StageEnd & { tree: Digest }>;
}

export interface RunLimit {
  /** Path of the stage above; empty for the run above. */
  owner: string;
  limitMs: number;
  at: number;
  /** Whether waiting at gates counts: it does towards a stage's timeout, not towards a run's duration. */
  gates: boolean;
}

/** What a run returns to the engine. */
export interface RunResult {
  status: "succeeded" | "failed" | "timed_out" | "cancelled";
  output: Pick<Envelope, "v" | "b">;
  error?: { code: string; message: string; stage?: string };
  /** Nano-dollars (null: unknown) and tokens. */
  spent: [number | null, number];
  offline: boolean;
  startedAt: number | null;
  endedAt: number;
  /** Of a child run: the run above does not count them either. */
  gateWaits?: { from: number; to: number }[];
}
