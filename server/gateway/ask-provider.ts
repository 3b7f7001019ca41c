/**
 * Asks one provider until it answers or until its failure counts. Before each try the most that it can cost is held
 * on the run's budget, after it what it did cost is charged: a try that broke off in the middle too.
 */
import { fail, type JsonObject } from "@regent/contract";
import { CallFailure, callProvider, type ProviderReply } from "./call-provider.ts";
import { addToTotals, type CompleteDeps, type Target, type Totals, toCall, toDetail, unavailable } from "./complete.ts";
import type { ModelMessage } from "./gateway.ts";
import { toNanos, toNanosAtMost, toOutputThatFits, type Usage } from "./price.ts";
import { ProviderFailure } from "./provider-failure.ts";

export interface Asked extends ProviderReply {
  estimated: boolean;
  outputMax: number;
  /** How deep brackets are nested in the text: guards everything that walks the value. */
  depth: number;
}

/** Answers of this size suit nearly every stage; who needs more says `maxOutputTokens`. */
const OUTPUT_DEFAULT = 8_192;
/** When the budget is short an answer is allowed fewer tokens, but not fewer than make sense. */
const OUTPUT_MIN = 256;

export async function askProvider(
  deps: CompleteDeps,
  target: Target,
  messages: ModelMessage[],
  deadline: number,
  totals: Totals,
): Promise<Asked> {
  let failure: ProviderFailure | null = null;
  let native = true;
  for (let tried = 0; tried < deps.limits.tries; tried += 1) {
    if (failure) await pause(deps, target, failure, tried, deadline, totals);
    if (target.call.signal.aborted) throw toError(target, CANCELLED, totals);
    const found = await tryOnce(deps, target, messages, native, deadline, totals);
    if (!(found instanceof ProviderFailure)) return found;
    failure = found;
    // Some servers refuse a schema that they cannot enforce: it then stands in the prompt alone.
    const refusedSchema = failure.kind === "bad-request" && native && target.schema !== undefined;
    if (refusedSchema) native = false;
    else if (!failure.retryable) break;
  }
  throw toError(target, failure, totals);
}

async function tryOnce(
  deps: CompleteDeps,
  target: Target,
  messages: ModelMessage[],
  native: boolean,
  deadline: number,
  totals: Totals,
): Promise<Asked | ProviderFailure> {
  const { schema, request, call, model } = target;
  const inputMax = toInputAtMost(messages, target);
  const { outputMax, held } = await hold(deps, target, inputMax, deadline, totals);
  totals.attempts += 1;
  const settle = async (usage: Usage): Promise<void> => {
    const nanos = model.price && toNanos(usage, model.price);
    addToTotals(totals, usage, nanos);
    await deps.ledger.settle({ run: call.run, key: call.key, hold: held, used: { nanos, ...usage } });
  };
  try {
    const reply = await callProvider(
      {
        provider: target.provider,
        model: model.model,
        messages,
        outputMax,
        ...(schema && native && { schema: { body: schema.sent, strict: schema.strict } }),
        ...(request.temperature !== undefined && { temperature: request.temperature }),
      },
      deps.limits,
      deps.clock,
      call.signal,
    );
    await settle(reply.usage ?? { ...NO_USAGE, input: inputMax, output: Buffer.byteLength(reply.text) });
    return { ...reply, estimated: reply.usage === null, outputMax, depth: toDepth(reply.text) };
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    const { failure, usage, receivedBytes } = error;
    // What the provider asks for an answer that broke off is not known: the prompt and every byte that came.
    const atMost = { ...NO_USAGE, input: inputMax, output: Math.min(receivedBytes, outputMax) };
    await settle(usage ?? (failure.billed ? atMost : NO_USAGE));
    return failure;
  }
}

/** How long the answer may be, and what was held for it. @throws budget_spent, model_unavailable */
async function hold(
  deps: CompleteDeps,
  target: Target,
  inputMax: number,
  deadline: number,
  totals: Totals,
): Promise<{ outputMax: number; held: number | null }> {
  const { request, call, model } = target;
  const wanted = Math.min(request.maxOutputTokens ?? OUTPUT_DEFAULT, model.outputMax ?? Number.MAX_SAFE_INTEGER);
  if (call.limitNanos === undefined) {
    await deps.ledger.begin(toCall(target));
    return { outputMax: wanted, held: null };
  }
  if (!model.price) {
    const reason = `the run has a budget and the model has no price; give it one under prices in models.yaml`;
    throw unavailable(request.model, reason, toDetail(target, totals));
  }
  const most = toNanosAtMost(inputMax, wanted, model.price);
  const least = toNanosAtMost(inputMax, Math.min(wanted, OUTPUT_MIN), model.price);
  const ttlMs = deps.limits.totalMs + 60_000;
  // Money held by calls beside this one may come back when they are settled: then it is waited for.
  for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 2_000)) {
    const { limitNanos } = call;
    const held = await deps.ledger.hold({ ...toCall(target), limitNanos, least, most, ttlMs });
    if (held.taken !== null) {
      const outputMax = Math.min(wanted, toOutputThatFits(inputMax, held.taken, model.price));
      return { outputMax, held: held.hold };
    }
    if (limitNanos - held.spent < least || deps.clock.now() + waitMs > deadline) break;
    await deps.sleep(waitMs, call.signal).catch(() => {});
    if (call.signal.aborted) throw toError(target, CANCELLED, totals);
  }
  throw fail("budget_spent", { scope: "this run", limit: toUsd(call.limitNanos), ...toDetail(target, totals) });
}

async function pause(
  deps: CompleteDeps,
  target: Target,
  failure: ProviderFailure,
  tried: number,
  deadline: number,
  totals: Totals,
): Promise<void> {
  if (failure.kind === "bad-request") return;
  const waitMs = failure.retryAfterMs ?? Math.min(500 * 2 ** (tried - 1), 8_000);
  const tooLong = waitMs > deps.limits.waitMs || deps.clock.now() + waitMs > deadline;
  if (tooLong) throw toError(target, failure, totals, `; it asks to wait ${Math.ceil(waitMs / 1000)} s`);
  await deps.sleep(waitMs, target.call.signal).catch(() => {});
}

function toError(target: Target, failure: ProviderFailure | null, totals: Totals, addition = "") {
  const times = totals.attempts > 1 ? ` (asked ${totals.attempts} times)` : "";
  const reason = `${failure?.reason ?? "it was never asked"}${addition}${times}`;
  const detail: JsonObject = { ...toDetail(target, totals), kind: failure?.kind ?? "none" };
  if (failure?.unavailable) return unavailable(target.request.model, reason, detail);
  return fail("model_failed", { ...detail, reason });
}

/** Every token is at least a byte of text; each message, and a schema turned into a tool, adds some of its own. */
function toInputAtMost(messages: ModelMessage[], target: Target): number {
  const text = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content) + 20, 100);
  return target.schema ? text + Buffer.byteLength(JSON.stringify(target.schema.sent)) + 500 : text;
}

function toDepth(text: string): number {
  let depth = 0;
  let most = 0;
  for (const char of text) {
    if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") depth -= 1;
    if (depth > most) most = depth;
  }
  return most;
}

const CANCELLED = new ProviderFailure("cancelled", "the call was cancelled");
const NO_USAGE: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };
const toUsd = (nanos: number): string => `$${(nanos / 1e9).toFixed(nanos < 1e7 ? 6 : 2)}`;
