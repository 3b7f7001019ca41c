import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@regent/contract";
import { type AnswerSchema, parseAnswerSchema } from "../answer-schema.ts";
import { answerOffline, OFFLINE_MARK } from "./answer-offline.ts";

const ask = (content: string, schema?: JsonObject) => {
  const parsed: AnswerSchema | undefined = schema && parseAnswerSchema(schema);
  return answerOffline({ model: "offline", messages: [{ role: "user", content }] }, parsed);
};

const MAIL = JSON.stringify({
  from: "Sample Customer <sample@example.com>",
  subject: "Charged twice",
  body: "I was charged twice for the May invoice.\nPlease refund one payment immediately, this is unacceptable.",
});

test("every answer says that no model was called, and costs nothing", () => {
  const answer = ask("Summarise.\n\nThe importer was shipped. It reads 20,000 rows.");
  ok(answer.text.startsWith(OFFLINE_MARK));
  deepEqual([answer.offline, answer.spent], [true, { usdNanos: 0, tokens: 0 }]);
});

test("a summary is made of the material's own sentences", () => {
  const { text } = ask("Summarise these notes.\n\nThe importer was shipped. It reads 20,000 rows in 3 seconds.");
  match(text, /It reads 20,000 rows in 3 seconds\./);
});

test("a mail is put into the category, priority and mood that its words speak of", () => {
  const schema = {
    type: "object",
    required: ["category", "priority", "sentiment", "customer"],
    properties: {
      category: { enum: ["technical", "billing", "sales", "other"] },
      priority: { enum: ["low", "normal", "high"] },
      sentiment: { enum: ["positive", "neutral", "negative"] },
      customer: { type: "string" },
    },
  };
  deepEqual(ask(`Classify this mail.\n\n${MAIL}`, schema).value, {
    category: "billing",
    priority: "high",
    sentiment: "negative",
    customer: "Sample Customer",
  });
});

test("what cannot be filled is said, not invented", async () => {
  await rejects(async () => ask("Anything.", { type: "string", pattern: "^(?=b)a$" }), {
    code: "model_output_invalid",
  });
});

/** An agent that does not understand must not rewrite files or run commands. */
test("it proposes no edits and no commands", () => {
  const item = { type: "object", required: ["path", "content"], properties: { path: {}, content: {} } };
  const schema = { type: "object", required: ["edits"], properties: { edits: { type: "array", items: item } } };
  deepEqual(ask("Repair it.\n\nsrc/a.ts fails.", schema).value, { edits: [] });
  equal(ask("Repair it.\n\nsrc/a.ts fails.", schema).offline, true);
});
