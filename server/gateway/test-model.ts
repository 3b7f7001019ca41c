import { RegentError } from "@regent/contract";
import { type CompleteDeps, complete } from "./complete.ts";
import type { ModelAnswer, ModelRequest, ModelTest } from "./gateway.ts";

/** Two small calls over the real path, outside any run: nothing is recorded, nothing is held. */
export async function testModel(deps: CompleteDeps, model: string, signal: AbortSignal): Promise<ModelTest> {
  const ask = (request: Omit<ModelRequest, "model">): Promise<ModelAnswer> =>
    complete({ ...deps, ledger: NO_LEDGER }, { model, ...request }, { run: "test", key: "test", signal });
  const failed: ModelTest = {
    ...{ model, ok: false, latency_ms: 0, tokens_per_s: null, json_ok: false, reason: null, offline: false },
  };
  const from = deps.clock.now();
  try {
    const text = await ask({ messages: [{ role: "user", content: "Count from one to twenty in words." }] });
    const tookMs = deps.clock.now() - from;
    const answered = {
      ...failed,
      model: `${text.provider}:${text.model}`,
      ok: true,
      latency_ms: tookMs,
      tokens_per_s: tookMs > 0 && !text.offline ? Math.round((text.outputTokens * 10_000) / tookMs) / 10 : null,
      offline: text.offline,
    };
    // The offline model steps in for whatever has no key; a test of a named model must not pass for it.
    if (text.offline && !isOffline(model)) return { ...answered, model, ok: false, reason: OFFLINE_STEPPED_IN };
    const json = await ask({ messages: JSON_TASK, schema: JSON_SCHEMA }).catch(toReason);
    return typeof json === "string" ? { ...answered, reason: `no JSON: ${json}` } : { ...answered, json_ok: true };
  } catch (error) {
    return { ...failed, latency_ms: deps.clock.now() - from, reason: toReason(error) };
  }
}

const isOffline = (model: string): boolean => model === "offline" || model.startsWith("offline:");
const OFFLINE_STEPPED_IN =
  "It cannot be called: no provider is configured, so the built-in offline model answers in its place.";

const JSON_TASK = [{ role: "user" as const, content: "Which colour has the sky on a clear day?" }];
const JSON_SCHEMA = {
  type: "object",
  properties: { colour: { type: "string", minLength: 1 } },
  required: ["colour"],
  additionalProperties: false,
};

const NO_LEDGER: CompleteDeps["ledger"] = {
  find: async () => undefined,
  begin: async () => {},
  hold: async () => ({ taken: null, spent: 0 }),
  settle: async () => {},
  record: async () => {},
};

const toReason = (error: unknown): string => {
  if (error instanceof RegentError) return error.message;
  throw error;
};
