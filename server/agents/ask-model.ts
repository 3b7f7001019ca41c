/**
 * One question to an agent, a model or a tier, as a recorded step of a run. The agent's fallback models are asked in
 * order when a model cannot be called or fails; each call is a step of its own.
 */
import { type Agent, type Json, type JsonObject, RegentError } from "@regent/contract";
import type { Gateway, ModelAnswer, ModelMessage } from "#gateway";
import type { Job } from "#kernel";
import { buildMessages } from "./build-messages.ts";

export interface Question {
  /** An agent of the company, else a model or a tier. */
  agent: string;
  prompt: string;
  /** Instead of the agent's own role. */
  role?: string;
  /** Given to the model as data, marked as not to be obeyed. */
  data?: { name: string; value: Json }[];
  schema?: JsonObject;
}

export interface Answer {
  text: string;
  /** Fits the schema; present when one was given. */
  value?: Json;
  model: string;
  offline: boolean;
}

export async function askModel(gateway: Pick<Gateway, "complete">, job: Job, question: Question): Promise<Answer> {
  const agent = await job.definition<Agent>("agent", question.agent);
  const models = agent ? toModels(agent) : [question.agent];
  const messages = buildMessages(agent, question);
  for (const model of models.slice(0, -1)) {
    try {
      return await askOnce(gateway, job, model, messages, question.schema);
    } catch (error) {
      if (!isWorthFallback(error)) throw error;
    }
  }
  return await askOnce(gateway, job, models.at(-1) ?? DEFAULT_TIER, messages, question.schema);
}

async function askOnce(
  gateway: Pick<Gateway, "complete">,
  job: Job,
  model: string,
  messages: ModelMessage[],
  schema: JsonObject | undefined,
): Promise<Answer> {
  const { id: run, limitNanos } = job.run;
  return await job.step<Recorded>("model", `ask ${model}`, async ({ signal, key }) => {
    // A retry of the stage is a new question: only a crash may find the answer that was paid for before.
    const call = { run, key: `${key}@${job.attempt}`, signal, ...(limitNanos !== undefined && { limitNanos }) };
    const answer = await gateway.complete({ model, messages, ...(schema && { schema }) }, call).catch((error) => {
      throw withTrace(error, messages);
    });
    const { text, value, offline } = answer;
    return {
      value: { text, ...(value !== undefined && { value }), model: answer.model, offline },
      spent: answer.spent,
      detail: toStepDetail(answer, messages),
    };
  });
}

/** What a failed call has cost and what it was about, where the kernel looks for it. */
function withTrace(error: unknown, messages: ModelMessage[]): unknown {
  if (!(error instanceof RegentError)) return error;
  const { spent, model, provider, attempts } = error.detail;
  const show = { ...(model && { model }), ...(provider && { provider }), ...(attempts && { attempts }) };
  return Object.assign(error, {
    ...(spent !== undefined && { spent }),
    show: { ...show, ...toPromptDetail(messages) },
  });
}

type Recorded = { text: string; value?: Json; model: string; offline: boolean };

/** The model and its fallbacks, in order. */
export const toModels = (agent: Agent): string[] =>
  agent.model ? [agent.model.primary, ...agent.model.fallback] : [DEFAULT_TIER];

const DEFAULT_TIER = "balanced";

const isWorthFallback = (error: unknown): boolean =>
  error instanceof RegentError && ["model_unavailable", "model_failed", "model_output_invalid"].includes(error.code);

const EXCERPT_CHARS = 8_000;

function toStepDetail(answer: ModelAnswer, messages: ModelMessage[]): Record<string, Json> {
  return {
    model: answer.model,
    provider: answer.provider,
    offline: answer.offline,
    ...toPromptDetail(messages),
    answer: answer.text.slice(0, EXCERPT_CHARS),
    answer_chars: answer.text.length,
    input_tokens: answer.inputTokens,
    output_tokens: answer.outputTokens,
    attempts: answer.attempts,
    ...(answer.estimated && { estimated: true }),
    ...(answer.truncated && { truncated: true }),
  };
}

function toPromptDetail(messages: ModelMessage[]): Record<string, Json> {
  const prompt = messages.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
  return { prompt: prompt.slice(0, EXCERPT_CHARS), prompt_chars: prompt.length };
}
