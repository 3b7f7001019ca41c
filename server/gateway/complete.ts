/**
 * One answer from a model: found, paid for, fitting its schema.
 *
 * A call that was answered before (the same key and request, after a crash) returns that answer and costs nothing.
 */
import { createHash } from "node:crypto";
import { addSpent, fail, type Json, type JsonObject, NOTHING_SPENT, RegentError, type Spent } from "@regent/contract";
import type { Clock } from "#platform";
import { type AnswerSchema, parseAnswerSchema, SchemaError } from "./answer-schema.ts";
import { type Asked, askProvider } from "./ask-provider.ts";
import type { CallLimits } from "./call-provider.ts";
import type { ModelAnswer, ModelCall, ModelMessage, ModelRequest } from "./gateway.ts";
import type { Call, Ledger } from "./ledger.ts";
import { answerOffline } from "./offline/answer-offline.ts";
import { type RedactKeys, redactJson } from "./redact-keys.ts";
import type { ModelConfig, ProviderConfig, Registry } from "./registry.ts";

export interface CompleteDeps {
  registry: Registry;
  redact: RedactKeys;
  ledger: Ledger;
  clock: Clock;
  limits: CallLimits & RetryLimits;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface RetryLimits {
  /** How often a provider is asked before its failure counts. */
  tries: number;
  /** A provider that asks for a longer pause is not waited for. */
  waitMs: number;
  /** For the whole call: tries, pauses and corrections. */
  callMs: number;
}

/** An answer that does not fit is sent back with what is wrong with it, this often. */
const CORRECTIONS_MAX = 2;

export async function complete(deps: CompleteDeps, request: ModelRequest, call: ModelCall): Promise<ModelAnswer> {
  const resolved = deps.registry.resolve(request.model);
  if (resolved.kind === "missing") throw unavailable(request.model, resolved.reason);
  const schema = request.schema && parseSchema(request.schema);
  if (resolved.kind === "offline") return answerOffline(request, schema);

  const key = `${call.key}#${digest(request)}`;
  const target: Target = { ...resolved, request, schema, call: { ...call, key } };
  const answered = await deps.ledger.find(call.run, key);
  if (answered) return answered;
  try {
    const answer = await askUntilItFits(deps, target);
    await deps.ledger.record(toCall(target), answer);
    return answer;
  } catch (error) {
    throw redacted(error, deps.redact);
  }
}

export interface Target {
  provider: ProviderConfig;
  model: ModelConfig;
  request: ModelRequest;
  schema: AnswerSchema | undefined;
  call: ModelCall;
}

async function askUntilItFits(deps: CompleteDeps, target: Target): Promise<ModelAnswer> {
  const { schema, request } = target;
  const deadline = deps.clock.now() + deps.limits.callMs;
  const totals = { attempts: 0, inputTokens: 0, outputTokens: 0, spent: NOTHING_SPENT };
  let messages = schema ? withSchema(request.messages, schema) : request.messages;
  let problem = "";
  for (let correction = 0; correction <= CORRECTIONS_MAX; correction += 1) {
    const asked = await askProvider(deps, target, messages, deadline, totals);
    if (!schema) return toAnswer(deps, target, totals, asked, undefined);
    const found = asked.depth > DEPTH_MAX ? { problem: "it is nested too deep" } : schema.read(asked.text);
    if ("value" in found) return toAnswer(deps, target, totals, asked, found.value);
    problem = asked.cutAtLimit ? `it was cut off at its limit of ${asked.outputMax} tokens` : found.problem;
    messages = [...messages, ...correct(asked.text, problem)];
  }
  throw fail("model_output_invalid", {
    reason: `${problem} (after ${CORRECTIONS_MAX} corrections)`,
    ...toDetail(target, totals),
  });
}

/** What the calls so far have used, filled by `askProvider`, also when it throws. */
export interface Totals {
  attempts: number;
  inputTokens: number;
  outputTokens: number;
  spent: Spent;
}

export const toCall = ({ call, provider, model }: Target): Call => ({
  run: call.run,
  key: call.key,
  provider: provider.id,
  model: model.model,
});

const DEPTH_MAX = 200;

const toAnswer = (
  deps: CompleteDeps,
  target: Target,
  totals: Totals,
  asked: Asked,
  value: Json | undefined,
): ModelAnswer => ({
  text: deps.redact(asked.text),
  ...(value !== undefined && { value: redactJson(value, deps.redact) }),
  provider: target.provider.id,
  model: target.model.model,
  offline: false,
  ...totals,
  ...(asked.estimated && { estimated: true }),
  ...(asked.cutAtLimit && { truncated: true }),
});

export const toDetail = (target: Target, totals: Totals): JsonObject => ({
  model: target.model.model,
  provider: target.provider.id,
  attempts: totals.attempts,
  spent: { usdNanos: totals.spent.usdNanos, tokens: totals.spent.tokens },
});

export const addToTotals = (totals: Totals, usage: { input: number; output: number }, nanos: number | null): void => {
  totals.inputTokens += usage.input;
  totals.outputTokens += usage.output;
  totals.spent = addSpent(totals.spent, { usdNanos: nanos, tokens: usage.input + usage.output });
};

export const unavailable = (model: string, reason: string, detail: JsonObject = {}): RegentError =>
  fail("model_unavailable", { model, reason, ...detail });

function parseSchema(schema: JsonObject): AnswerSchema {
  try {
    return parseAnswerSchema(schema);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw fail("model_output_invalid", { reason: `output_schema is not a JSON Schema: ${error.message}` });
  }
}

/** The schema is also said in words: many servers take the field for it and ignore it. */
function withSchema(messages: ModelMessage[], schema: AnswerSchema): ModelMessage[] {
  const content = `Answer with JSON only, without any other text, that fits this JSON Schema:\n${JSON.stringify(schema.sent)}`;
  const systems = messages.filter(({ role }) => role === "system").map((message) => message.content);
  return [
    { role: "system", content: [...systems, content].join("\n\n") },
    ...messages.filter(({ role }) => role !== "system"),
  ];
}

const correct = (text: string, problem: string): ModelMessage[] => [
  { role: "assistant", content: text.slice(0, 8_000) || "(nothing)" },
  {
    role: "user",
    content: `This answer cannot be used: ${problem.slice(0, 2_000)}. Answer again, with the corrected JSON only.`,
  },
];

const digest = (request: ModelRequest): string =>
  createHash("sha256").update(JSON.stringify(request)).digest("hex").slice(0, 16);

function redacted(error: unknown, redact: RedactKeys): unknown {
  if (!(error instanceof RegentError)) return error;
  return fail(error.code, redactJson(error.detail, redact) as JsonObject);
}
