import { deepEqual, equal, match, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "@regent/contract";
import { type FakeAnswer, fakeClock, fakeUpstream, type ReceivedCall, testDatabase } from "#testing";
import { createGateway, type GatewayLimits, type ModelRequest } from "./gateway.ts";

const KEY = "key-canary-7f31c0de";

/** Every kind of provider, at the fake upstream. */
const PROVIDERS: Record<string, (url: string) => JsonObject> = {
  "openai responses": (url) => ({
    type: "openai",
    api: "responses",
    base_url: `${url}/v1`,
    secret: "K",
    models: ["m1"],
  }),
  "openai chat": (url) => ({ type: "openai", api: "chat", base_url: `${url}/v1`, secret: "K", models: ["m1"] }),
  anthropic: (url) => ({ type: "anthropic", base_url: `${url}/v1`, secret: "K", models: ["m1"] }),
  google: (url) => ({ type: "google", base_url: `${url}/v1beta`, secret: "K", models: ["m1"] }),
  mistral: (url) => ({ type: "mistral", base_url: `${url}/v1`, secret: "K", models: ["m1"] }),
  openrouter: (url) => ({ type: "openrouter", base_url: `${url}/v1`, secret: "K", models: ["m1"] }),
  ollama: (url) => ({ type: "ollama", base_url: url, secret: "K", models: ["m1"] }),
  "openai-compatible": (url) => ({ type: "openai-compatible", base_url: `${url}/v1`, secret: "K", models: ["m1"] }),
};

const LIMITS: Partial<GatewayLimits> = { headersMs: 5_000, idleMs: 5_000, totalMs: 10_000, tries: 3 };
const SHORT: Partial<GatewayLimits> = { headersMs: 150, idleMs: 150 };
const PRICES = { m1: { input: 1, output: 2 } };

const { database } = await testDatabase();
const upstream = await fakeUpstream();

let calls = 0;
function setUp(kind: string, options: { limits?: Partial<GatewayLimits>; prices?: JsonObject } = {}) {
  const clock = fakeClock();
  const waits: number[] = [];
  const gateway = createGateway({
    models: () => ({ providers: { lab: { ...PROVIDERS[kind]?.(upstream.url), prices: options.prices ?? PRICES } } }),
    secrets: new Map([["K", KEY]]),
    database,
    clock,
    limits: { ...LIMITS, ...options.limits },
    sleep: async (ms) => {
      waits.push(ms);
      clock.advance(ms);
    },
  });
  const ask = (request: Partial<ModelRequest> = {}, signal = new AbortController().signal) => {
    calls += 1;
    const call = { run: `run_${calls}`, key: "write/1", signal };
    return gateway.complete({ model: "m1", messages: [{ role: "user", content: "Say ok." }], ...request }, call);
  };
  upstream.calls.length = 0;
  return { gateway, ask, waits, clock };
}

const failure = async (answer: Promise<unknown>) => {
  try {
    await answer;
  } catch (error) {
    return error as { code: string; message: string; detail: JsonObject; cause?: unknown };
  }
  throw new Error("it did not fail");
};

const bodyOf = (call: ReceivedCall | undefined): string => JSON.stringify(call?.body);

const SCHEMA: JsonObject = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer", minimum: 1 } },
  required: ["city", "people"],
  additionalProperties: false,
};

for (const kind of Object.keys(PROVIDERS)) {
  describe(kind, () => {
    test("an answer comes with its tokens, cached ones included, and its price rounded up once", async () => {
      const { ask } = setUp(kind);
      upstream.answer({ text: "All is well.", usage: { input: 1001, output: 53 } });
      const answer = await ask();
      equal(answer.text, "All is well.");
      deepEqual([answer.provider, answer.model, answer.offline, answer.attempts], ["lab", "m1", false, 1]);
      deepEqual([answer.inputTokens, answer.outputTokens], [1001, 53]);
      // 1001 × $1 and 53 × $2 a million tokens.
      deepEqual(answer.spent, { usdNanos: 1_001_000 + 106_000, tokens: 1054 });
    });

    test("the key and an explicit limit of tokens are sent", async () => {
      const { ask } = setUp(kind);
      upstream.answer({ text: "ok" });
      await ask({ maxOutputTokens: 321 });
      ok(JSON.stringify(upstream.calls[0]?.headers).includes(KEY));
      match(
        bodyOf(upstream.calls[0]),
        /"(max_tokens|max_completion_tokens|max_output_tokens|maxOutputTokens|num_predict)":321/,
      );
    });

    test("a schema is sent in the provider's own field, and the answer's value fits it", async () => {
      const { ask } = setUp(kind);
      upstream.answer({ text: '{"city":"Lagos","people":3}' });
      const answer = await ask({ schema: SCHEMA });
      deepEqual(answer.value, { city: "Lagos", people: 3 });
      match(
        bodyOf(upstream.calls[0]),
        /"(json_schema|responseJsonSchema|responseSchema|format|output_config|input_schema)"/,
      );
    });

    test("an answer that does not fit is sent back with what is wrong, and fenced JSON is understood", async () => {
      const { ask } = setUp(kind);
      upstream.answer({ text: '{"city":"Lagos"}' }, { text: 'Here it is:\n```json\n{"city":"Lagos","people":3}\n```' });
      const answer = await ask({ schema: SCHEMA });
      deepEqual([answer.value, answer.attempts], [{ city: "Lagos", people: 3 }, 2]);
      match(bodyOf(upstream.calls[1]), /must have required property 'people'/);
    });

    test("an answer that never fits fails with the reason, after two corrections, and all three are paid", async () => {
      const { ask } = setUp(kind);
      upstream.answer({ text: "no json here", usage: { input: 10, output: 10 } });
      const { code, message, detail } = await failure(ask({ schema: SCHEMA }));
      equal(code, "model_output_invalid");
      equal(message, "The model's output does not fit the schema: it holds no JSON (after 2 corrections)");
      equal(upstream.calls.length, 3);
      deepEqual(detail.spent, { usdNanos: 3 * (10_000 + 20_000), tokens: 60 });
    });

    test("429 is waited for as long as Retry-After says, in seconds or as a date", async () => {
      const { ask, waits, clock } = setUp(kind);
      const date = new Date(clock.now() + 2_000 + 9_000).toUTCString();
      upstream.answer(
        { fault: { kind: "status", status: 429, headers: { "retry-after": "2" } } },
        { fault: { kind: "status", status: 429, headers: { "retry-after": date } } },
        { text: "ok" },
      );
      equal((await ask()).attempts, 3);
      deepEqual(waits, [2_000, 9_000]);
    });

    test("a pause longer than the limit is not waited for, and said", async () => {
      const { ask, waits } = setUp(kind);
      upstream.answer({ fault: { kind: "status", status: 429, headers: { "retry-after": "3600" } } });
      const { code, message } = await failure(ask());
      equal(code, "model_failed");
      equal(message, "The model call failed: lab answered 429: status 429; it asks to wait 3600 s");
      deepEqual(waits, []);
    });

    for (const status of [500, 502, 503, 529]) {
      test(`${status} is asked again, and fails with the reason when it stays`, async () => {
        const { ask } = setUp(kind);
        upstream.answer({ fault: { kind: "status", status } }, { text: "ok" });
        equal((await ask()).attempts, 2);
        upstream.answer({ fault: { kind: "status", status } });
        const { message } = await failure(ask());
        equal(message, `The model call failed: lab answered ${status}: status ${status} (asked 3 times)`);
      });
    }

    const FAULTS: [string, FakeAnswer, RegExp][] = [
      ["hangs before its headers", { fault: { kind: "hang", at: "headers" } }, /lab did not answer within 150 ms/],
      ["hangs after its headers", { fault: { kind: "hang", at: "start" } }, /lab stopped in the middle for 150 ms/],
      [
        "hangs in the middle",
        { text: "x".repeat(2_000), fault: { kind: "hang", at: "middle" } },
        /lab stopped in the middle/,
      ],
      ["cuts the stream", { text: "x".repeat(2_000), fault: { kind: "cut", at: "middle" } }, /lab cut the answer off/],
      ["answers with HTML", { fault: { kind: "html" } }, /lab answered with an HTML page instead of JSON/],
      [
        "answers with other JSON",
        { fault: { kind: "garbage" } },
        /lab (answered with something that is not|cut the answer off)/,
      ],
      ["answers with nothing", { text: "" }, /lab answered with an empty text/],
      [
        "breaks off with an error",
        { text: "x".repeat(2_000), fault: { kind: "error-event" } },
        /lab broke off with an error/,
      ],
    ];
    for (const [name, fault, reason] of FAULTS) {
      test(`a provider that ${name} is asked again, then fails with the reason in one sentence`, async () => {
        const { ask } = setUp(kind, { limits: name.startsWith("hangs") ? SHORT : {} });
        upstream.answer(fault, { text: "ok" });
        const answer = await ask();
        deepEqual([answer.text, answer.attempts], ["ok", 2]);
        upstream.answer(fault);
        const { code, message } = await failure(ask());
        equal(code, "model_failed");
        match(message, reason);
        match(message, /^The model call failed: [^\n]*\(asked 3 times\)$/);
      });
    }

    test("a wrong key, a model that does not exist and a bad request are not asked again", async () => {
      const { ask } = setUp(kind);
      for (const [status, code] of [
        [401, "model_unavailable"],
        [404, "model_unavailable"],
        [400, "model_failed"],
      ] as const) {
        upstream.calls.length = 0;
        upstream.answer({ fault: { kind: "status", status } });
        equal((await failure(ask())).code, code);
        equal(upstream.calls.length, 1);
      }
    });

    // Ollama has no word for a refusal: there it is text like any other.
    if (kind !== "ollama") {
      test("a refusal is a failure with its reason, and not asked again", async () => {
        const { ask } = setUp(kind);
        upstream.answer({ text: "I can", finish: "refused" });
        const { code, message } = await failure(ask());
        deepEqual([code, message], ["model_failed", "The model call failed: lab refused to answer (content filter)"]);
        equal(upstream.calls.length, 1);
      });
    }

    test("a text that ends at its limit says so; one that never began is a failure", async () => {
      const { ask } = setUp(kind);
      upstream.answer({ text: "The first half", finish: "length" });
      equal((await ask({ maxOutputTokens: 50 })).truncated, true);
      upstream.answer({ text: "", finish: "length" });
      const { message } = await failure(ask({ maxOutputTokens: 50 }));
      equal(message, "The model call failed: the model used its 50 tokens before it said anything");
    });

    test("a server that refuses the schema is asked again with the schema in the prompt alone", async () => {
      const { ask } = setUp(kind);
      upstream.answer({ fault: { kind: "status", status: 400 } }, { text: '{"city":"Lagos","people":3}' });
      deepEqual((await ask({ schema: SCHEMA })).value, { city: "Lagos", people: 3 });
      const [first, second] = upstream.calls.map(bodyOf);
      match(second ?? "", /fits this JSON Schema/);
      ok((second?.length ?? 0) < (first?.length ?? 0), "the field is gone");
    });

    test("an endless answer is cut", async () => {
      const { ask } = setUp(kind, { limits: { answerChars: 50_000, bodyBytes: 5_000_000, totalMs: 10_000 } });
      upstream.answer({ text: "x".repeat(4_000), fault: { kind: "endless" } });
      const { message } = await failure(ask());
      match(message, /the answer is longer than 50000 characters/);
      equal(upstream.calls.length, 1);
    });

    test("a cancelled call ends within a second and hangs up", async () => {
      const { ask } = setUp(kind, { limits: { headersMs: 30_000, idleMs: 30_000, totalMs: 30_000 } });
      for (const at of ["headers", "middle"] as const) {
        upstream.calls.length = 0;
        const stop = new AbortController();
        const begun = Promise.withResolvers<void>();
        upstream.answer({ text: "x".repeat(2_000), fault: { kind: "hang", at }, before: () => begun.resolve() });
        const answer = failure(ask({}, stop.signal));
        await begun.promise;
        const from = performance.now();
        stop.abort();
        match((await answer).message, /the call was cancelled/);
        ok(performance.now() - from < 1_000);
        while (!upstream.calls[0]?.closed) await new Promise((resolve) => setImmediate(resolve));
      }
    });

    /** A provider, or something in front of it, may print the request's headers in its error. */
    test("the key is in no error and in no answer", async () => {
      const { ask } = setUp(kind);
      upstream.answer({ fault: { kind: "echo-key" } });
      const error = await failure(ask());
      const said = JSON.stringify([error.message, error.detail, String(error.cause)]);
      ok(!said.includes(KEY), said);
      match(error.message, /\[key removed\]/);
      upstream.answer({ text: `your key is ${KEY}` });
      equal((await ask()).text, "your key is [key removed]");
    });
  });
}

/** Small servers do not stream although they are asked to. */
test("a whole completion in place of a stream is understood", async () => {
  for (const kind of ["openai chat", "openai-compatible", "mistral"]) {
    const { ask } = setUp(kind);
    upstream.answer({ text: "whole", usage: { input: 5, output: 6 }, fault: { kind: "whole-json" } });
    const answer = await ask();
    deepEqual([answer.text, answer.inputTokens, answer.outputTokens], ["whole", 5, 6], kind);
  }
});

test("a server that is not there, and one that sends the caller elsewhere, are failures with a reason", async () => {
  const { ask } = setUp("openai-compatible");
  const location = "http://127.0.0.1:1/v1/chat/completions";
  upstream.answer({ fault: { kind: "status", status: 307, headers: { location } } });
  match((await failure(ask())).message, /lab answered 307/);
  const gone = await fakeUpstream();
  await gone.close();
  const gateway = createGateway({
    models: () => ({ providers: { gone: { type: "ollama", base_url: gone.url, models: ["m1"] } } }),
    ...{ secrets: new Map(), database, clock: fakeClock(), sleep: async () => {} },
  });
  const call = { run: "run_gone", key: "a", signal: new AbortController().signal };
  const asked = gateway.complete({ model: "m1", messages: [{ role: "user", content: "Hello." }] }, call);
  match((await failure(asked)).message, /gone cannot be reached \(ECONNREFUSED\) \(asked 4 times\)/);
});
