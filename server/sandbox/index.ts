export type {
  Limits,
  Outcome,
  Probe,
  Sandbox,
  SandboxDeps,
  ScriptControl,
  ScriptResult,
  ScriptSpec,
} from "./sandbox.ts";
export { createSandbox } from "./sandbox.ts";
