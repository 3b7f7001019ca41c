/**
 * Asks a provider once. Always as a stream: only then can a silent server be told from a slow one, and an endless
 * answer be cut. The caller decides about asking again.
 */
import type { Clock } from "#platform";
import type { ModelMessage } from "./gateway.ts";
import type { Usage } from "./price.ts";
import { createModel, type PromptMessage, type StreamPart, toProviderOptions } from "./provider.ts";
import { ProviderFailure } from "./provider-failure.ts";
import type { ProviderConfig } from "./registry.ts";
import { createUpstream, cutShort, type UpstreamLimits } from "./upstream-fetch.ts";

export interface ProviderRequest {
  provider: ProviderConfig;
  model: string;
  messages: ModelMessage[];
  /** Sent in the provider's own field; absent: free text, or a schema that only the prompt speaks of. */
  schema?: { body: object; strict: boolean };
  outputMax: number;
  temperature?: number;
}

export interface ProviderReply {
  text: string;
  /** Null: the provider did not say. */
  usage: Usage | null;
  /** It stopped because it had reached `outputMax`. */
  cutAtLimit: boolean;
}

export interface CallLimits extends UpstreamLimits {
  /** For one try in all. */
  totalMs: number;
  answerChars: number;
}

/** What had come when it failed: for the estimate of what it may cost. */
export class CallFailure extends Error {
  override name = "CallFailure";
  readonly failure: ProviderFailure;
  readonly usage: Usage | null;
  readonly receivedBytes: number;
  constructor(failure: ProviderFailure, usage: Usage | null, receivedBytes: number) {
    super(failure.reason);
    this.failure = failure;
    this.usage = usage;
    this.receivedBytes = receivedBytes;
  }
}

/** @throws CallFailure */
export async function callProvider(
  request: ProviderRequest,
  limits: CallLimits,
  clock: Clock,
  signal: AbortSignal,
): Promise<ProviderReply> {
  const name = request.provider.id;
  const ended = new AbortController();
  const totalMs = Math.min(limits.totalMs, request.provider.timeoutMs ?? limits.totalMs);
  const total = setTimeout(
    () => ended.abort(new ProviderFailure("timeout", `${name} did not finish within ${totalMs} ms`)),
    totalMs,
  );
  const both = AbortSignal.any([signal, ended.signal]);
  const upstream = createUpstream(name, limits, clock, both);
  const seen: Seen = { text: "", bytes: 0, usage: null, finish: null };
  try {
    await abortable(both, read(request, upstream.fetch, limits, both, seen));
    const failure = upstream.failure() ?? toFailure(name, request.outputMax, seen);
    if (failure) throw failure;
    return { text: seen.text, usage: seen.usage, cutAtLimit: seen.finish === "length" };
  } catch (error) {
    const failure = signal.aborted
      ? new ProviderFailure("cancelled", "the call was cancelled")
      : (toProviderFailure(both.reason) ??
        upstream.failure() ??
        toProviderFailure(error) ??
        toStreamFailure(name, error));
    throw new CallFailure(failure, seen.usage, seen.bytes);
  } finally {
    clearTimeout(total);
    ended.abort();
  }
}

interface Seen {
  text: string;
  bytes: number;
  usage: Usage | null;
  finish: string | null;
}

async function read(
  request: ProviderRequest,
  fetch: typeof globalThis.fetch,
  limits: CallLimits,
  signal: AbortSignal,
  seen: Seen,
): Promise<void> {
  const { schema } = request;
  const model = await createModel(request.provider, request.model, schema?.strict ?? false, fetch);
  const { stream } = await model.doStream({
    prompt: request.messages.map(toPromptMessage),
    maxOutputTokens: request.outputMax,
    abortSignal: signal,
    providerOptions: toProviderOptions(schema?.strict ?? false),
    ...(request.temperature !== undefined && { temperature: request.temperature }),
    ...(schema && { responseFormat: { type: "json" as const, schema: schema.body, name: "answer" } }),
  });
  for await (const part of stream) {
    if (part.type === "error") throw part.error;
    if (part.type === "finish") take(part, seen);
    if (part.delta === undefined) continue;
    seen.bytes += Buffer.byteLength(part.delta);
    if (part.type !== "text-delta") continue;
    seen.text += part.delta;
    if (seen.text.length > limits.answerChars) {
      throw new ProviderFailure("too-large", `the answer is longer than ${limits.answerChars} characters`);
    }
  }
}

function take(part: StreamPart, seen: Seen): void {
  const { unified = "other", raw = "" } = part.finishReason ?? {};
  // Not every library knows every provider's word for it.
  seen.finish = /content_?filter|safety|refus/i.test(raw) ? "content-filter" : unified;
  const { inputTokens, outputTokens } = part.usage ?? {};
  if (inputTokens?.total === undefined || outputTokens?.total === undefined) return;
  seen.usage = {
    input: toCount(inputTokens.total),
    cacheRead: toCount(inputTokens.cacheRead),
    cacheWrite: toCount(inputTokens.cacheWrite),
    output: toCount(outputTokens.total),
  };
}

function toFailure(name: string, outputMax: number, seen: Seen): ProviderFailure | null {
  const empty = seen.text.trim() === "";
  if (seen.finish === "content-filter") {
    return new ProviderFailure("refused", `${name} refused to answer (content filter)`);
  }
  if (seen.finish === null || seen.finish === "interrupted") return new ProviderFailure("cut", cutShort(name));
  if (seen.finish === "error") return new ProviderFailure("overloaded", `${name} stopped with an error of its own`);
  if (empty && seen.finish === "length") {
    return new ProviderFailure("cut-at-limit", `the model used its ${outputMax} tokens before it said anything`);
  }
  if (empty) return new ProviderFailure("empty", `${name} answered with an empty text`);
  return null;
}

/** An error that a provider sent inside its stream, or that its library made of an answer it could not read. */
function toStreamFailure(name: string, error: unknown): ProviderFailure {
  const { type, code, message } = toFields(error);
  if (/did not receive done/i.test(message)) return new ProviderFailure("cut", cutShort(name));
  if (!type && !code && !message) {
    return new ProviderFailure("garbled", `${name} answered with something that is not what its protocol says`);
  }
  const said = message ? `: ${message.replace(/\s+/g, " ").slice(0, 200)}` : "";
  if (/content_filter|safety|refus/i.test(`${type} ${code}`)) {
    return new ProviderFailure("refused", `${name} refused to answer${said}`);
  }
  return new ProviderFailure("overloaded", `${name} broke off with an error${said}`);
}

/** The provider's own words. What a library says of its own parsing is nothing that anybody can act on. */
function toFields(error: unknown): { type: string; code: string; message: string } {
  // Ollama's library throws what the server said as a plain error.
  if (error instanceof Error && error.name === "Error" && !/normalized|expected/i.test(error.message)) {
    return { type: "", code: "", message: error.message };
  }
  const outer = toRecord(error);
  const inner = toRecord(outer.error ?? toRecord(outer.value).error ?? (error instanceof Error ? undefined : error));
  return { type: text(inner.type ?? inner.status), code: text(inner.code), message: text(inner.message) };
}

const toRecord = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

/** Ends at once when the signal does, also when the library sits on its hands. */
async function abortable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  if (signal.aborted) throw signal.reason;
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
    work.catch(() => {});
  }
}

const toProviderFailure = (error: unknown): ProviderFailure | null => (error instanceof ProviderFailure ? error : null);
const toCount = (value: number | undefined): number =>
  Number.isFinite(value) ? Math.max(0, Math.ceil(value ?? 0)) : 0;
const toPromptMessage = ({ role, content }: ModelMessage): PromptMessage =>
  role === "system" ? { role, content } : { role, content: [{ type: "text", text: content }] };
