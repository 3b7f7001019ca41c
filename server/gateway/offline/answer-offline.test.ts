import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@regent/contract";
import { type AnswerSchema, parseAnswerSchema } from "../answer-schema.ts";
import { answerOffline } from "./answer-offline.ts";
import { OFFLINE_MARK } from "./mark.ts";

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

test("an answer to a mail is drawn from the knowledge that speaks of it, or hands over", () => {
  const knowledge =
    "## Export\n\nAll notes can be exported as Markdown files.\n\n## Passwords\n\nA reset link is valid for one hour.";
  const draft = (mail: string) =>
    ask(`Draft an answer that rests on the knowledge given.\n\n${JSON.stringify({ mail, knowledge })}`).text;
  match(draft("How do I get my notes exported as Markdown?"), /All notes can be exported as Markdown files\./);
  match(draft("Where is your office in Lagos?"), /A colleague will look into it\.$/);
});

test("lists take what their names ask for", () => {
  const commits = JSON.stringify([
    { commit: "a1", subject: "Add gift cards" },
    { commit: "a2", subject: "Fix the rounding of totals" },
  ]);
  const list = { type: "array", items: { type: "string" } };
  const schema = { type: "object", required: ["new", "fixed"], properties: { new: list, fixed: list } };
  deepEqual(ask(`Write release notes from these commits.\n\n${commits}`, schema).value, {
    new: ["Add gift cards"],
    fixed: ["Fix the rounding of totals"],
  });
});

test("a megabyte of hostile text is answered in seconds", () => {
  for (const text of [
    '<data-00000000 name="x">\n'.repeat(40_000),
    "a".repeat(1_000_000),
    "{".repeat(200_000),
    "1,2\n".repeat(250_000),
  ]) {
    const from = performance.now();
    ok(
      ask(`Summarise.\n\n${text}`, {
        type: "object",
        required: ["summary"],
        properties: { summary: { type: "string" } },
      }).offline,
    );
    ok(performance.now() - from < 4_000, `${text.slice(0, 10)}: ${performance.now() - from} ms`);
  }
});
