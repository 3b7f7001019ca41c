import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@regent/contract";
import { fakeClock, fakeUpstream, type ReceivedCall, testDatabase } from "#testing";
import { createGateway, type ModelCall, type ModelRequest } from "./gateway.ts";

const { database } = await testDatabase();
const upstream = await fakeUpstream();

/** 1 and 2 dollars a million tokens: 1,000 and 2,000 nano-dollars a token. */
function setUp(provider: JsonObject = { prices: { m1: { input: 1, output: 2 } } }) {
  const clock = fakeClock();
  const gateway = createGateway({
    models: () => ({
      providers: { lab: { type: "openai-compatible", base_url: `${upstream.url}/v1`, models: ["m1"], ...provider } },
    }),
    secrets: new Map(),
    database,
    clock,
    // Others go on meanwhile: the wait for their holds must be real here.
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 5))),
  });
  const ask = (call: Partial<ModelCall>, request: Partial<ModelRequest> = {}) =>
    gateway.complete(
      { model: "m1", messages: [{ role: "user", content: "Say ok." }], ...request },
      { run: "run_1", key: "a", signal: new AbortController().signal, ...call },
    );
  upstream.calls.length = 0;
  return { ask };
}

const codeOf = async (answer: Promise<unknown>): Promise<{ code: string; message: string }> =>
  answer.then(
    () => ({ code: "none", message: "" }),
    (error) => error,
  );

/** The dearest answer that a call allows. */
const dearest = ({ body }: ReceivedCall) => {
  const messages = body.messages as { content: string }[];
  const input = messages.reduce((sum, { content }) => sum + content.length, 0);
  return { input, output: Number(body.max_tokens) };
};

test("64 calls at once, each as dear as it may be: the provider never gets more than the limit", async () => {
  const { ask } = setUp();
  let billed = 0;
  upstream.answer((call) => {
    const usage = dearest(call);
    billed += usage.input * 1_000 + usage.output * 2_000;
    return { text: "ok", usage };
  });
  const limitNanos = 100_000_000;
  const results = await Promise.all(
    Array.from({ length: 64 }, (_, index) => codeOf(ask({ run: "run_64", key: `a/${index}`, limitNanos }))),
  );
  ok(billed <= limitNanos, `${billed} of ${limitNanos}`);
  ok(billed > limitNanos * 0.98, `only ${billed} of ${limitNanos} could be used`);
  deepEqual(new Set(results.map(({ code }) => code)), new Set(["none", "budget_spent"]));
});

/** Holds are upper bounds: calls that turn out cheap must not make others fail. */
test("calls that do not fit beside the holds of others wait for them instead of failing", async () => {
  const { ask } = setUp();
  upstream.answer({ text: "ok", usage: { input: 10, output: 5 }, delayMs: 5 });
  const calls = Array.from({ length: 24 }, (_, index) =>
    ask({ run: "run_cheap", key: `a/${index}`, limitNanos: 20_000_000 }),
  );
  const answers = await Promise.all(calls);
  equal(answers.length, 24);
});

test("the answer is allowed as many tokens as what is left can pay", async () => {
  const { ask } = setUp();
  upstream.answer({ text: "ok" });
  await ask({ run: "run_tight", limitNanos: 2_000_000 });
  const allowed = Number(upstream.calls[0]?.body.max_tokens);
  ok(allowed > 256 && allowed < 1_000, String(allowed));
});

test("a spent budget is a refusal that names the limit, and the provider is not asked", async () => {
  const { ask } = setUp();
  const { code, message } = await codeOf(ask({ run: "run_spent", limitNanos: 100_000 }));
  deepEqual([code, message], ["budget_spent", "The budget of this run is spent ($0.000100)."]);
  equal(upstream.calls.length, 0);
});

test("a model without a price has tokens and no dollars; under a budget it is refused", async () => {
  const { ask } = setUp({});
  upstream.answer({ text: "ok", usage: { input: 12, output: 7 } });
  deepEqual((await ask({ run: "run_unpriced" })).spent, { usdNanos: null, tokens: 19 });
  const { code, message } = await codeOf(ask({ run: "run_unpriced_2", limitNanos: 1e9 }));
  equal(code, "model_unavailable");
  match(message, /has a budget and the model has no price; give it one under prices in models\.yaml/);
});

test("the same call after a crash returns the first answer: not asked, not charged again", async () => {
  const { ask } = setUp();
  upstream.answer({ text: "first" }, { text: "second" });
  const first = await ask({ run: "run_again", limitNanos: 1e9 });
  deepEqual(await ask({ run: "run_again", limitNanos: 1e9 }), first);
  equal(upstream.calls.length, 1);
  const other = await ask({ run: "run_again", limitNanos: 1e9 }, { messages: [{ role: "user", content: "Other." }] });
  equal(other.text, "second");
});

test("tries that broke off in the middle are charged for what came", async () => {
  const { ask } = setUp();
  upstream.answer(
    { text: "x".repeat(2_000), fault: { kind: "cut", at: "middle" } },
    { text: "ok", usage: { input: 1, output: 1 } },
  );
  const { spent, attempts } = await ask({ run: "run_cut", limitNanos: 1e9 });
  equal(attempts, 2);
  ok((spent.usdNanos ?? 0) > 1_000_000, "the first try's bytes count");
  const refused = { fault: { kind: "status" as const, status: 503 } };
  upstream.answer(refused, { text: "ok", usage: { input: 1, output: 1 } });
  equal((await ask({ run: "run_refused", limitNanos: 1e9 })).spent.usdNanos, 3_000);
});

test("a provider that does not count its tokens is charged by the upper bound, and that is said", async () => {
  const { ask } = setUp();
  upstream.answer({ text: "four", usage: null });
  const answer = await ask({ run: "run_uncounted", limitNanos: 1e9 });
  equal(answer.estimated, true);
  equal(answer.outputTokens, 4);
  ok(answer.inputTokens > 7);
});

test("tokens read from the provider's cache have their own price", async () => {
  const { ask } = setUp({ models: [{ id: "m1", price: { input: 1, output: 2, cache_read: 0.1 } }] });
  upstream.answer({ text: "ok", usage: { input: 1_000, cached: 900, output: 10, reasoning: 4 } });
  // 100 × 1,000 + 900 × 100 + 10 × 2,000: reasoning is part of the output.
  equal((await ask({ run: "run_cached" })).spent.usdNanos, 100_000 + 90_000 + 20_000);
});
