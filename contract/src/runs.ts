import { z } from "zod";
import { RunId } from "./ids.ts";
import { Cost } from "./money.ts";

export const RunStatus = z.enum([
  "queued",
  "running",
  "waiting",
  "paused",
  "succeeded",
  "failed",
  "cancelled",
  "timed_out",
]);
export type RunStatus = z.infer<typeof RunStatus>;

export const ENDED: ReadonlySet<RunStatus> = new Set(["succeeded", "failed", "cancelled", "timed_out"]);

export const StageStatus = z.enum([...RunStatus.options, "skipped"]);
export type StageStatus = z.infer<typeof StageStatus>;

/** Why a stage or a run failed. `code` is from the error table, `message` one sentence for people. */
export const Failure = z.object({
  code: z.string(),
  message: z.string(),
  stage: z.string().optional(),
  detail: z.record(z.string(), z.unknown()).optional(),
});
export type Failure = z.infer<typeof Failure>;

/** A piece of a run whose result is recorded once: a model call, a script, a tool call, a wait, a decision. */
export const Step = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  status: StageStatus,
  attempt: z.number().int(),
  started_at: z.iso.datetime().nullable(),
  duration_ms: z.number().nullable(),
  cost: Cost,
  /** What is worth showing of it: the model and prompt, the exit code, who decided. */
  detail: z.record(z.string(), z.unknown()).nullable(),
  error: Failure.nullable(),
});
export type Step = z.infer<typeof Step>;

export interface StageView {
  id: string;
  name: string;
  type: string;
  status: StageStatus;
  /** Why it waits, in words: "approval apr_…", "until 2026-11-21T08:00:00Z", "event order.paid". */
  waiting_for: string | null;
  attempt: number;
  started_at: string | null;
  duration_ms: number | null;
  cost: Cost;
  output: unknown;
  error: Failure | null;
  steps: Step[];
  /** Inner stages of parallel and for-each, in declared (and item) order. */
  stages: StageView[];
  /** The child run of a `daemon` stage. */
  child: string | null;
}

export const StageView: z.ZodType<StageView> = z.lazy(() =>
  z.object({
    id: z.string(),
    name: z.string(),
    type: z.string(),
    status: StageStatus,
    waiting_for: z.string().nullable(),
    attempt: z.number().int(),
    started_at: z.iso.datetime().nullable(),
    duration_ms: z.number().nullable(),
    cost: Cost,
    output: z.unknown(),
    error: Failure.nullable(),
    steps: z.array(Step),
    stages: z.array(StageView),
    child: z.string().nullable(),
  }),
);

/** What lists show of a run. `Run` adds inputs, output and the stages. */
export const RunSummary = z.object({
  id: RunId,
  status: RunStatus,
  daemon: z.object({ id: z.string(), version: z.string(), digest: z.string() }),
  trigger: z.object({ kind: z.string(), name: z.string().optional(), by: z.string().optional() }),
  parent: RunId.nullable(),
  forked_from: RunId.nullable(),
  error: Failure.nullable(),
  waiting_for: z.string().nullable(),
  queued_at: z.iso.datetime(),
  started_at: z.iso.datetime().nullable(),
  ended_at: z.iso.datetime().nullable(),
  cost: Cost,
  /** True when a model call of this run was answered by the built-in offline model. */
  offline: z.boolean(),
});
export type RunSummary = z.infer<typeof RunSummary>;

export const Run = RunSummary.extend({
  inputs: z.record(z.string(), z.unknown()),
  output: z.unknown(),
  stages: z.array(StageView),
});
export type Run = z.infer<typeof Run>;
