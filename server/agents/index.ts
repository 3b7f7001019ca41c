export { type AgentDeps, type Agents, createAgents } from "./agents.ts";
export type { Answer, Question } from "./ask-model.ts";
