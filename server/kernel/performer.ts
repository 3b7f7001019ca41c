import type { Json, Spent, Stage, Template } from "@regent/contract";
import type { Digest } from "#platform";

/** Names in scope of a stage's expressions, flat: `inputs`, `product`, `event`, outputs, `item` … */
export type Scope = Readonly<Record<string, Json>>;

export interface StepResult<T extends Json> {
  value: T;
  spent?: Spent;
  /** Shown on the run's page: the model and its answer, the exit code. Not for secrets. */
  detail?: Record<string, Json>;
}

export interface StepControl {
  /** Aborts on cancel, on a sibling's failure, and when the stage or the run is out of time. */
  signal: AbortSignal;
  /** While the run is paused: freeze what can be frozen. */
  freeze: { isFrozen(): boolean; onChange(listener: (frozen: boolean) => void): () => void };
  /** The same for each execution of this step, also after a crash. */
  key: string;
}

/**
 * What a performer gets. Everything that is not a pure function of what it is given happens inside `step`, in an
 * order that depends only on recorded results: after a crash the performer is called again from the start, and steps
 * that were recorded return at once what they returned before.
 */
export interface Job {
  run: { id: string; daemon: string; limitNanos?: number };
  /** Where in the run: `write`, `each[3].draft`. */
  path: string;
  /** `run/path`: the same for every attempt, for keys of effects. */
  key: string;
  attempt: number;
  scope: Scope;
  /** The stage's `input`, rendered; null when it has none. */
  input: Json;
  /** The workspace as the stage before left it. */
  tree: Digest;
  /** Files and folders among the run's inputs, by input name. */
  files: { name: string; tree: Digest; kind?: "file" | "folder" }[];
  cachePaths: string[];
  render(template: Template): Json;
  /** A definition as it was when the run started (`agent`, `daemon`), or undefined. */
  definition<T>(kind: string, reference: string): Promise<T | undefined>;
  step<T extends Json>(kind: string, name: string, work: (control: StepControl) => Promise<StepResult<T>>): Promise<T>;
  /**
   * Waits for a message to this run. Null: none came in time. `why` is what people read meanwhile.
   * @param timeoutMs  counted from the first time; a restart does not extend it. Absent: for as long as it takes
   */
  receive<T extends Json>(topic: string, options: { timeoutMs?: number; why: string }): Promise<T | null>;
  /** Recorded once. Milliseconds since 1970. */
  now(): Promise<number>;
}

export interface Performed {
  output: Json;
  /** The workspace after; absent: unchanged. */
  tree?: Digest;
}

/** Knows how one type of stage is done. The kernel knows nothing of models, scripts or people: `app.ts` joins them. */
export interface Performer<S extends Stage = Stage> {
  /** What the stage would need and does not find; asked before a run is created. */
  missing?(stage: S): string[];
  perform(stage: S, job: Job): Promise<Performed>;
}

export type Performers = { [Type in Stage["type"]]?: Performer<Extract<Stage, { type: Type }>> };
