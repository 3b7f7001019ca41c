import type { Json, JsonObject } from "./json.ts";
import type { Money } from "./money.ts";

/**
 * A daemon in canonical form: what the company loader makes of a YAML file, what the kernel runs, what a digest is
 * taken of. Everything optional in a file is decided here: order is `needs`, durations are milliseconds, expressions
 * are CEL in the one spelling that the evaluator takes. Nothing else in Regent reads the YAML form.
 */
export interface Daemon {
  id: string;
  name: string;
  /** semver */
  version: string;
  description?: string;
  author?: string;
  price?: string;
  inputs: InputField[];
  triggers: DaemonTrigger[];
  uses: string[];
  budget?: RunBudget;
  concurrency?: { key: Template; limit: number; holdWhileWaiting: boolean };
  /** 0 is taken first. Default 0. */
  priority?: number;
  /** Folders such as `node_modules` that are kept per lock file and are never part of the workspace. */
  cachePaths: string[];
  /** The run's output; absent: the output of the last stage that is not a handler. */
  output?: Template;
  stages: Stage[];
}

/** Text of a CEL expression, canonical. */
export type Expression = string;
/** Any JSON value whose strings may hold `${…}`; a string that is one `${…}` keeps the value's type. */
export type Template = Json;

export type InputType =
  | "string" | "text" | "integer" | "number" | "boolean" | "enum" | "date" | "datetime" | "duration" | "money"
  | "json" | "list" | "file" | "folder" | "product" | "agent" | "secret"; // biome-ignore format: one table

export interface InputField {
  name: string;
  type: InputType;
  required: boolean;
  description?: string;
  default?: Json;
  options?: string[];
  min?: number;
  max?: number;
  /** Made from a `${name}` that nothing defines, as the documents do it. */
  implicit?: boolean;
}

export type CatchUp = "none" | "last" | "all";

export type DaemonTrigger =
  | { kind: "cron"; cron: string; timezone?: string; catchUp: CatchUp; inputs?: JsonObject }
  | { kind: "event"; event: string; where?: Expression; inputs?: Template }
  | { kind: "named"; name: string; inputs?: Template };

export interface RunBudget {
  perRun?: Money;
  durationMs?: number;
  onBudget?: "wait" | "fail";
}

export interface Retry {
  /** Attempts in all, the first one counted. */
  attempts: number;
  firstMs: number;
  maxMs: number;
  /** Each wait is this many times the one before. Default 2. */
  factor: number;
}

export type OnError = { do: "fail" } | { do: "continue" } | { do: "goto"; stage: string };

export interface StageBase {
  /** Unique in the whole daemon, snake_case, from the name. Part of recorded history: never renumbered. */
  id: string;
  name: string;
  /** Ids of sibling stages. A sequence is a graph whose stages each need the one before. */
  needs: string[];
  /** Runs only when an `on_error` goes to it; the run ends with it. */
  handler: boolean;
  when?: Expression;
  retry?: Retry;
  timeoutMs?: number;
  /** Each entry replaces the fields it names (`agent`, `tool`, `with`, `script` …) and keeps the rest. */
  fallback: StagePatch[];
  onError: OnError;
  /** Each must be true of the output. `output` and the stage's own name are in scope. */
  evidence: Expression[];
  /** A second name of the output besides `id`. */
  output?: string;
  input?: Template;
  cache?: { key?: Template; forMs: number };
  budget?: RunBudget;
  /** Hosts that this stage may reach; empty: none. */
  network: string[];
  workingDirectory?: Template;
  outputSchema?: JsonObject;
  /** What Regent knows of but does not have here (a body, a connection, a stage type to come): refused at start. */
  missing?: string[];
  /** Where it stands in the file, for errors. */
  place?: { file: string; line: number; column: number };
}

export type StagePatch = Partial<{
  agent: string;
  tool: string;
  with: Template;
  script: string;
  runtime: string;
  skill: string;
}>;

export interface AgentStage extends StageBase {
  type: "agent";
  agent: string;
  prompt?: Template;
}
export interface ScriptStage extends StageBase {
  type: "script";
  script: string;
  runtime?: string;
  /** Names that the script reads as environment variables, from `${name}` in its text. */
  reads: string[];
}
export interface HybridStage extends StageBase {
  type: "hybrid";
  script: string;
  runtime?: string;
  reads: string[];
  agent: string;
  agentRole?: string;
  prompt?: Template;
  /** How often the agent may propose edits and have the script run again. Default 1: it only reports. */
  attempts: number;
}
export interface ToolStage extends StageBase {
  type: "tool";
  tool: string;
  with: Template;
}
export interface SkillStage extends StageBase {
  type: "skill";
  skill: string;
  with: Template;
}
export interface DaemonStage extends StageBase {
  type: "daemon";
  daemon: string;
  with: Template;
}
export interface GateStage extends StageBase {
  type: "gate";
  ask: Template;
  show: Template[];
  who: string;
  expiresMs?: number;
  otherwise: "reject" | "approve" | "escalate";
  /** `fail`, `continue`, or the id of a handler stage. */
  onReject: OnError;
  rubric?: Json;
  vote?: Json;
}
export interface ParallelStage extends StageBase {
  type: "parallel";
  /** In declared order. A branch given as one stage has that stage alone. */
  branches: { name: string; stages: Stage[] }[];
  /** How many branches must finish: `all`, or a number (`any` is 1). */
  join: "all" | number;
}
export interface ForEachStage extends StageBase {
  type: "for-each";
  in: Expression;
  stages: Stage[];
  /** Items at a time. Default 4. */
  limit: number;
}
export interface WaitStage extends StageBase {
  type: "wait";
  wait: { for: Template } | { until: Template } | { event: string; where?: Expression };
}
export interface RuleStage extends StageBase {
  type: "rule";
  rules: Json;
}
export interface EmitStage extends StageBase {
  type: "emit";
  event: string;
  with: Template;
}

export type Stage =
  | AgentStage | ScriptStage | HybridStage | ToolStage | SkillStage | DaemonStage | GateStage
  | ParallelStage | ForEachStage | WaitStage | RuleStage | EmitStage; // biome-ignore format: one table

export type StageType = Stage["type"];

/** An agent in canonical form. */
export interface Agent {
  id: string;
  name: string;
  department?: string;
  role?: string;
  goals: string[];
  backstory?: string;
  /** A tier, a model, or a model with a fallback. */
  model?: { primary: string; fallback: string[] };
  tools: string[];
  triggers: Json[];
  rules: Json[];
  budget?: Json;
  limits: { steps: number; sameCall: number; durationMs?: number };
  memorySchema?: JsonObject;
  reportsTo?: string;
  missing?: string[];
}
