export type { LiveLine, LiveOutput } from "./live-output.ts";
export { type AskAgent, createScripts, type Scripts, type ScriptsDeps } from "./scripts.ts";
