/** How providers write an answer: whole, and in the events of a stream. */

export interface Told {
  model: string;
  text: string;
  finish: "stop" | "length" | "refused";
  usage: { input: number; output: number; cached?: number; reasoning?: number } | null;
  /** Chat: token counts in an event of their own, as `stream_options.include_usage` asks; else with the last one. */
  usageApart?: boolean;
}

export interface Dialect {
  name: "chat" | "responses" | "anthropic" | "google" | "ollama";
  contentType: string;
  isStream(path: string, body: Record<string, unknown>): boolean;
  whole(told: Told): object;
  /** Text of the stream, event by event. */
  events(told: Told): string[];
  frame(values: object[]): string[];
  /** An error in the middle of a stream. */
  error(message: string): string;
}

export const dialectOf = (path: string): Dialect | undefined => {
  const [plain = ""] = path.split("?");
  if (plain.endsWith("/chat/completions")) return DIALECTS.chat;
  if (plain.endsWith("/responses")) return DIALECTS.responses;
  if (plain.endsWith("/messages")) return DIALECTS.anthropic;
  if (/:(stream)?generateContent$/i.test(plain)) return DIALECTS.google;
  if (plain.endsWith("/api/chat")) return DIALECTS.ollama;
  return undefined;
};

const sse = (values: object[]): string[] => values.map((value) => `data: ${JSON.stringify(value)}\n\n`);
const named = (values: { type: string }[]): string[] =>
  values.map((value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`);
const pieces = (text: string): string[] => text.match(/[\s\S]{1,400}/g) ?? [];
const wantsStream = (_path: string, body: Record<string, unknown>): boolean => body.stream === true;

const CREATED = 1_767_225_600;

function chatUsage({ usage }: Told) {
  return (
    usage && {
      prompt_tokens: usage.input,
      completion_tokens: usage.output,
      total_tokens: usage.input + usage.output,
      prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
      completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    }
  );
}
const chatFinish = { stop: "stop", length: "length", refused: "content_filter" } as const;

const chat: Dialect = {
  name: "chat",
  contentType: "text/event-stream",
  isStream: wantsStream,
  whole: (told) => ({
    ...{ id: "fake-1", object: "chat.completion", created: CREATED, model: told.model },
    choices: [{ index: 0, message: { role: "assistant", content: told.text }, finish_reason: chatFinish[told.finish] }],
    usage: chatUsage(told),
  }),
  events: (told) => {
    const chunk = (delta: object, finish: string | null) => ({
      ...{ id: "fake-1", object: "chat.completion.chunk", created: CREATED, model: told.model },
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
    const usage = chatUsage(told);
    return [
      ...sse([
        chunk({ role: "assistant", content: "" }, null),
        ...pieces(told.text).map((content) => chunk({ content }, null)),
        { ...chunk({}, chatFinish[told.finish]), ...(!told.usageApart && { usage }) },
        ...(usage && told.usageApart ? [{ ...chunk({}, null), choices: [], usage }] : []),
      ]),
      "data: [DONE]\n\n",
    ];
  },
  frame: sse,
  error: (message) => sse([{ error: { message, type: "server_error", code: 503 } }]).join(""),
};

function responsesBody(told: Told, status: string) {
  const { usage } = told;
  return {
    ...{ id: "resp_fake", object: "response", created_at: CREATED, model: told.model, status },
    output: [
      {
        ...{ id: "msg_fake", type: "message", role: "assistant", status: "completed" },
        content: [{ type: "output_text", text: told.text, annotations: [] }],
      },
    ],
    incomplete_details:
      told.finish === "stop" ? null : { reason: told.finish === "length" ? "max_output_tokens" : "content_filter" },
    usage: usage && {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: usage.cached ?? 0 },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
      total_tokens: usage.input + usage.output,
    },
  };
}

const responses: Dialect = {
  name: "responses",
  contentType: "text/event-stream",
  isStream: wantsStream,
  whole: (told) => responsesBody(told, "completed"),
  events: (told) => {
    const at = { item_id: "msg_fake", output_index: 0, content_index: 0 };
    const item = { id: "msg_fake", type: "message", role: "assistant", status: "in_progress", content: [] };
    const [done] = responsesBody(told, "completed").output;
    const last = told.finish === "stop" ? "completed" : "incomplete";
    return named([
      {
        type: "response.created",
        response: { ...responsesBody(told, "in_progress"), output: [], usage: null },
      } as never,
      { type: "response.output_item.added", output_index: 0, item } as never,
      ...pieces(told.text).map((delta) => ({ type: "response.output_text.delta", ...at, delta })),
      { type: "response.output_item.done", output_index: 0, item: done } as never,
      { type: `response.${last}`, response: responsesBody(told, last) } as never,
    ]);
  },
  frame: sse,
  error: (message) =>
    named([
      { type: "error", sequence_number: 9, error: { type: "server_error", code: "server_error", message } } as never,
    ]).join(""),
};

const anthropicStop = { stop: "end_turn", length: "max_tokens", refused: "refusal" } as const;
const anthropicUsage = ({ usage }: Told) => ({
  input_tokens: (usage?.input ?? 0) - (usage?.cached ?? 0),
  cache_read_input_tokens: usage?.cached ?? 0,
  cache_creation_input_tokens: 0,
  output_tokens: usage?.output ?? 0,
});

const anthropic: Dialect = {
  name: "anthropic",
  contentType: "text/event-stream",
  isStream: wantsStream,
  whole: (told) => ({
    ...{ id: "msg_fake", type: "message", role: "assistant", model: told.model },
    content: [{ type: "text", text: told.text }],
    ...{ stop_reason: anthropicStop[told.finish], stop_sequence: null, usage: anthropicUsage(told) },
  }),
  events: (told) => {
    const message = { id: "msg_fake", type: "message", role: "assistant", model: told.model, content: [] };
    return named([
      {
        type: "message_start",
        message: {
          ...message,
          stop_reason: null,
          stop_sequence: null,
          usage: { ...anthropicUsage(told), output_tokens: 1 },
        },
      } as never,
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } } as never,
      ...pieces(told.text).map((text) => ({
        ...{ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
      })),
      { type: "content_block_stop", index: 0 } as never,
      {
        type: "message_delta",
        delta: { stop_reason: anthropicStop[told.finish], stop_sequence: null },
        usage: { output_tokens: told.usage?.output ?? 0 },
      } as never,
      { type: "message_stop" },
    ]);
  },
  frame: sse,
  error: (message) => named([{ type: "error", error: { type: "overloaded_error", message } } as never]).join(""),
};

const googleBody = (told: Told, text: string, last: boolean) => ({
  candidates: [
    {
      content: { role: "model", parts: text === "" ? [] : [{ text }] },
      ...(last && { finishReason: { stop: "STOP", length: "MAX_TOKENS", refused: "SAFETY" }[told.finish] }),
      index: 0,
    },
  ],
  ...(told.usage && {
    usageMetadata: {
      promptTokenCount: told.usage.input,
      cachedContentTokenCount: told.usage.cached ?? 0,
      candidatesTokenCount: told.usage.output - (told.usage.reasoning ?? 0),
      thoughtsTokenCount: told.usage.reasoning ?? 0,
      totalTokenCount: told.usage.input + told.usage.output,
    },
  }),
});

const google: Dialect = {
  name: "google",
  contentType: "text/event-stream",
  isStream: (path) => /:streamGenerateContent/.test(path),
  whole: (told) => googleBody(told, told.text, true),
  events: (told) =>
    sse([...pieces(told.text).map((text) => googleBody(told, text, false)), googleBody(told, "", true)]),
  frame: sse,
  error: (message) => sse([{ error: { code: 503, message, status: "UNAVAILABLE" } }]).join(""),
};

const ndjson = (values: object[]): string[] => values.map((value) => `${JSON.stringify(value)}\n`);

const ollama: Dialect = {
  name: "ollama",
  contentType: "application/x-ndjson",
  isStream: wantsStream,
  whole: (told) => ollamaLine(told, told.text, true),
  events: (told) =>
    ndjson([...pieces(told.text).map((text) => ollamaLine(told, text, false)), ollamaLine(told, "", true)]),
  frame: ndjson,
  error: (message) => ndjson([{ error: message }]).join(""),
};

const ollamaLine = (told: Told, content: string, done: boolean) => ({
  ...{ model: told.model, created_at: "2026-01-01T00:00:00Z", message: { role: "assistant", content }, done },
  ...(done && { done_reason: told.finish === "length" ? "length" : "stop" }),
  ...(done && told.usage && { prompt_eval_count: told.usage.input, eval_count: told.usage.output }),
});

const DIALECTS = { chat, responses, anthropic, google, ollama } as const;
