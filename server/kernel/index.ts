export { createKernel, type KernelDeps, type RunningKernel } from "./create-kernel.ts";
export {
  type Engine,
  type EngineRun,
  INTERPRETER,
  type Lane,
  type Program,
  type RecordedStep,
  type StartRun,
} from "./engine.ts";
export { createDbosEngine, type DbosEngineOptions } from "./engines/dbos.ts";
export { createSimulatedEngine, type SimulatedEngine, type SimulatedStore } from "./engines/simulated.ts";
export type { CheckInputs, Definitions, EventSource, InterpreterDeps, RunControl, StageCache } from "./frame.ts";
export { createInterpreter } from "./interpreter.ts";
export type { Comparison, Kernel, Outcome, Pinned, Replay, RunFilter, StageSide, StartRequest } from "./kernel.ts";
export type { Job, Performed, Performer, Performers, Scope, StepControl, StepResult } from "./performer.ts";
export { Stop } from "./stop.ts";
export { Tracker } from "./tracker.ts";
export { readRun } from "./view.ts";
