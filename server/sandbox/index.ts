export type { Limits, Outcome, Probe, Sandbox, ScriptControl, ScriptResult, ScriptSpec } from "./sandbox.ts";
