export type { LiveLine, LiveOutput } from "./live-output.ts";
export { type AskModel, createScripts, type Scripts, type ScriptsDeps } from "./scripts.ts";
