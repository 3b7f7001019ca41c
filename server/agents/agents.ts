import type { Agent, AgentStage } from "@regent/contract";
import type { Gateway } from "#gateway";
import type { Job, Performer } from "#kernel";
import { type Answer, askModel, type Question } from "./ask-model.ts";
import { missingOf } from "./missing.ts";

export interface AgentDeps {
  gateway: Pick<Gateway, "missing" | "complete">;
  /** The company's agents as they are now, for what a start lacks; a run uses those it was started with. */
  findAgent(reference: string): Agent | undefined;
}

/** Those who work for the company, as far as one question and one answer go. */
export interface Agents {
  /**
   * Stages of type `agent`: one question to a model, in the agent's role. An agent with tools is refused at start:
   * the loop that would use them comes with the guard that must watch it.
   */
  performer: Performer<AgentStage>;
  /** Why an agent, model or tier cannot be asked; empty: it can. */
  missing(reference: string): string[];
  /**
   * One question to an agent, a model or a tier. Every model call is a recorded step `model` of the job.
   * @throws model_unavailable, model_failed, model_output_invalid, budget_spent
   */
  ask(job: Job, question: Question): Promise<Answer>;
}

export function createAgents(deps: AgentDeps): Agents {
  const missing = (reference: string) => missingOf(deps, reference);
  const ask: Agents["ask"] = (job, question) => askModel(deps.gateway, job, question);
  return {
    missing,
    ask,
    performer: {
      missing: (stage) => missing(stage.agent),
      perform: async (stage, job) => {
        const answer = await ask(job, {
          agent: stage.agent,
          prompt: stage.prompt === undefined ? toTask(stage.name) : toText(job.render(stage.prompt)),
          ...(job.input !== null && { data: [{ name: "input", value: job.input }] }),
          ...(stage.outputSchema && { schema: stage.outputSchema }),
        });
        return { output: answer.value ?? answer.text };
      },
    },
  };
}

const toTask = (name: string): string =>
  `Your task is "${name}". Do it with the material given and answer with the result.`;

const toText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
