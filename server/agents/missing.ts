import type { AgentDeps } from "./agents.ts";
import { toModels } from "./ask-model.ts";

/** Why a stage that names this agent, model or tier cannot start; empty: it can. */
export function missingOf(deps: AgentDeps, reference: string): string[] {
  const agent = deps.findAgent(reference);
  if (!agent) return deps.gateway.missing(reference).map((reason) => `${reference}: ${reason}`);
  const tools = agent.tools.length > 0 ? [`agents cannot use tools yet (${agent.tools.join(", ")})`] : [];
  const unready = toModels(agent).map((model) => deps.gateway.missing(model));
  // One model that can be called is enough: the others are its fallback.
  const lacking = unready.every((reasons) => reasons.length > 0) ? unready.flat() : [];
  return [...(agent.missing ?? []), ...tools, ...lacking].map((reason) => `agent ${agent.id}: ${reason}`);
}
