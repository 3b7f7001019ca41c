import { z } from "zod";
import { Duration } from "./duration.ts";
import { RunId } from "./ids.ts";
import { AnyJsonObject } from "./json.ts";
import { Cost } from "./money.ts";
import { operation } from "./operation.ts";
import { PageQuery, pageOf } from "./page.ts";

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
export const Failure = z
  .object({
    code: z.string(),
    message: z.string(),
    stage: z.string().optional(),
    detail: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "failure" });
export type Failure = z.infer<typeof Failure>;

/** A piece of a run whose result is recorded once: a model call, a script, a tool call, a wait, a decision. */
export const Step = z
  .object({
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
  })
  .meta({ id: "step" });
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

export const StageView: z.ZodType<StageView> = z
  .lazy(() =>
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
  )
  .meta({ id: "stage" });

/** What lists show of a run. `Run` adds inputs, output and the stages. */
export const RunSummary = z
  .object({
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
  })
  .meta({ id: "run_summary" });
export type RunSummary = z.infer<typeof RunSummary>;

export const Run = RunSummary.extend({
  inputs: z.record(z.string(), z.unknown()),
  output: z.unknown(),
  stages: z.array(StageView),
}).meta({ id: "run" });
export type Run = z.infer<typeof Run>;

/** A run in the shape of the execution log that programs outside already read; stages of the daemon only, not inner ones. */
export const RunLog = z
  .object({
    execution_id: RunId,
    daemon_id: z.string(),
    user_id: z.string().nullable(),
    started_at: z.iso.datetime().nullable(),
    completed_at: z.iso.datetime().nullable(),
    /** `success`, `failed` and `timeout` when it has ended so; before, or when cancelled, the run's own status. */
    status: z.enum(["success", "failed", "timeout", "cancelled", "queued", "running", "waiting", "paused"]),
    stages: z.array(
      z.object({
        name: z.string(),
        status: z.string(),
        duration_ms: z.number().nullable(),
        cost: Cost,
        output: z.unknown(),
      }),
    ),
    total_cost: Cost.pick({ credits: true, usd: true }),
  })
  .meta({ id: "run_log" });
export type RunLog = z.infer<typeof RunLog>;

const StageSide = z.object({
  status: z.string(),
  output: z.unknown(),
  duration_ms: z.number().nullable(),
  usd: z.number().nullable(),
  tokens: z.number(),
});

/** Two runs side by side; `same` means status and output. */
export const RunComparison = z
  .object({
    a: RunSummary,
    b: RunSummary,
    stages: z.array(z.object({ id: z.string(), same: z.boolean(), a: StageSide.nullable(), b: StageSide.nullable() })),
    inputs: z.array(z.object({ name: z.string(), a: z.unknown(), b: z.unknown() })),
  })
  .meta({ id: "run_comparison" });
export type RunComparison = z.infer<typeof RunComparison>;

const RunPath = z.strictObject({ id: RunId });

export const runOperations = {
  start: operation({
    method: "POST",
    path: "/v1/runs",
    summary: "Starts a run of a daemon, by its id or by a definition given here.",
    allow: "operator",
    input: z.strictObject({
      /** Id of a daemon of the company. Either this or `definition`. */
      daemon: z.string().min(1).max(200).optional(),
      /** A daemon as YAML text or as an object in the form of the company's files. */
      definition: z.union([z.string().max(1_000_000), AnyJsonObject]).optional(),
      inputs: AnyJsonObject.default({}),
      /** Lower is taken first. */
      priority: z.number().int().min(0).max(1_000).optional(),
    }),
    output: Run,
    status: 202,
    errors: ["invalid_definition", "not_found", "daemon_cannot_start"],
  }),
  list: operation({
    method: "GET",
    path: "/v1/runs",
    summary: "Runs, newest first. May lag 250 ms.",
    allow: "viewer",
    input: PageQuery.extend({
      daemon: z.string().min(1).max(200).optional(),
      /** Several are joined by commas. */
      status: z.array(RunStatus).min(1).max(RunStatus.options.length).optional(),
    }),
    output: pageOf(RunSummary),
    errors: [],
  }),
  get: operation({
    method: "GET",
    path: "/v1/runs/:id",
    summary: "One run with its stages and steps.",
    allow: "viewer",
    input: RunPath,
    output: Run,
    errors: ["not_found"],
  }),
  log: operation({
    method: "GET",
    path: "/v1/runs/:id/log",
    summary: "The run as an execution log.",
    allow: "viewer",
    input: RunPath,
    output: RunLog,
    errors: ["not_found"],
  }),
  cancel: operation({
    method: "POST",
    path: "/v1/runs/:id/cancellation",
    summary: "Ends a run. What it is doing stops within a second; nothing new begins.",
    allow: "operator",
    input: RunPath.extend({ reason: z.string().max(2_000).optional() }),
    output: Run,
    status: 202,
    errors: ["not_found", "run_has_ended"],
  }),
  pause: operation({
    method: "POST",
    path: "/v1/runs/:id/pause",
    summary: "No new stage starts until the run is resumed; scripts are frozen, running steps finish.",
    allow: "operator",
    input: RunPath,
    output: Run,
    status: 202,
    errors: ["not_found", "run_has_ended"],
  }),
  resume: operation({
    method: "POST",
    path: "/v1/runs/:id/resumption",
    summary: "Lets a paused run go on.",
    allow: "operator",
    input: RunPath,
    output: Run,
    status: 202,
    errors: ["not_found", "run_has_ended", "run_is_not_paused"],
  }),
  replay: operation({
    method: "POST",
    path: "/v1/runs/:id/replay",
    summary: "A new run with the results of this one before the chosen stage, and everything after it anew.",
    allow: "operator",
    input: RunPath.extend({
      /** Id of the first stage that runs anew; absent: the whole run. */
      from: z.string().min(1).max(200).optional(),
      /** Inputs that differ. */
      set: AnyJsonObject.optional(),
      /** The versions that the run started with, or those of the company now. */
      version: z.enum(["pinned", "latest"]).default("pinned"),
    }),
    output: Run,
    status: 202,
    errors: ["not_found", "daemon_cannot_start"],
  }),
  compare: operation({
    method: "GET",
    path: "/v1/runs/:id/comparison",
    summary: "This run beside another one, stage by stage.",
    allow: "viewer",
    input: RunPath.extend({ with: RunId }),
    output: RunComparison,
    errors: ["not_found"],
  }),
  prune: operation({
    method: "POST",
    path: "/v1/runs/pruning",
    summary: "Removes runs that ended longer ago than this. They do not come back.",
    allow: "owner",
    input: z.strictObject({ older_than: Duration }),
    output: z.object({ removed: z.number().int() }),
    errors: [],
  }),
};
