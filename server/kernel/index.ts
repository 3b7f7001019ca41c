export type { Comparison, Kernel, Pinned, Replay, RunFilter, StageSide, StartRequest } from "./kernel.ts";
export type { Job, Performed, Performer, Performers, Scope, StepControl, StepResult } from "./performer.ts";
