/**
 * The model that answers when none is configured: no network, no learning, the same answer to the same question. It
 * picks and counts; it does not understand. Every answer says so.
 */
import { fail, NOTHING_SPENT } from "@regent/contract";
import type { AnswerSchema } from "../answer-schema.ts";
import type { ModelAnswer, ModelRequest } from "../gateway.ts";
import { fillSchema } from "./fill-schema.ts";
import { OFFLINE_MARK } from "./mark.ts";
import { readPrompt } from "./read-prompt.ts";
import { writeText } from "./write-text.ts";

/** @throws model_output_invalid  nothing that fits the schema could be made */
export function answerOffline(request: ModelRequest, schema: AnswerSchema | undefined): ModelAnswer {
  const prompt = readPrompt(request.messages);
  const base = {
    provider: "offline",
    model: "offline",
    offline: true,
    inputTokens: 0,
    outputTokens: 0,
    spent: NOTHING_SPENT,
    attempts: 1,
  };
  if (!schema) return { ...base, text: `${OFFLINE_MARK} ${writeText(prompt)}` };
  const filled = fillSchema(schema, prompt, OFFLINE_MARK);
  if ("problem" in filled) {
    throw fail("model_output_invalid", {
      reason: `the offline model cannot fill it (${filled.problem}); configure a provider in models.yaml`,
      model: "offline",
      provider: "offline",
      attempts: 1,
    });
  }
  return { ...base, text: JSON.stringify(filled.value), value: filled.value };
}
