import type { Json, JsonObject, Spent } from "@regent/contract";
import type { Clock, Database } from "#platform";
import type { CallLimits } from "./call-provider.ts";
import { type CompleteDeps, complete, type RetryLimits } from "./complete.ts";
import { createLedger } from "./ledger.ts";
import { listModels } from "./list-models.ts";
import { createRedactKeys } from "./redact-keys.ts";
import { createRegistry, type Secrets } from "./registry.ts";
import { testModel } from "./test-model.ts";

export interface ModelMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface ModelRequest {
  /** A tier (`fast`, `balanced`, `deep`), a model (`gpt-4o-mini`, `openai:gpt-4o-mini`), an alias, or `offline`. */
  model: string;
  messages: ModelMessage[];
  /** When given, the answer's `value` fits this JSON Schema. */
  schema?: JsonObject;
  maxOutputTokens?: number;
  temperature?: number;
}

export interface ModelCall {
  run: string;
  /** The same for every attempt of one step: a settled hold is not charged twice. */
  key: string;
  signal: AbortSignal;
  /** What the run may spend in all, in nano-dollars; absent: no limit. */
  limitNanos?: number;
}

export interface ModelAnswer {
  text: string;
  /** Present when a schema was given. */
  value?: Json;
  provider: string;
  model: string;
  /** True: no model was called, the built-in offline model answered. */
  offline: boolean;
  inputTokens: number;
  outputTokens: number;
  spent: Spent;
  /** How often the provider was asked, retries counted. */
  attempts: number;
  /** True: the provider did not count its tokens; these are an upper bound. */
  estimated?: boolean;
  /** True: the text ends where `maxOutputTokens` was reached. */
  truncated?: boolean;
}

export interface ModelInfo {
  id: string;
  provider: string;
  model: string;
  tier: string | null;
  ready: boolean;
  /** Why it cannot be called, in words. */
  missing: string | null;
  /** USD per million tokens. */
  price: { input: number; output: number } | null;
}

/** What one small real call to a model shows. */
export interface ModelTest {
  model: string;
  ok: boolean;
  latency_ms: number;
  tokens_per_s: number | null;
  /** It answered to a JSON Schema. */
  json_ok: boolean;
  /** Why not, in one sentence. */
  reason: string | null;
  offline: boolean;
}

/** The only door to models. A hold on the run's budget is taken before each call and settled after it. */
export interface Gateway {
  /** What a reference lacks (`OPENAI_API_KEY is not set`); empty when a call could be made. */
  missing(model: string): string[];
  list(): ModelInfo[];
  /**
   * Retries 429 (with Retry-After), 5xx, cut streams and answers that do not fit the schema, within limits.
   * @throws model_unavailable, model_failed, model_output_invalid, budget_spent
   */
  complete(request: ModelRequest, call: ModelCall): Promise<ModelAnswer>;
  /** Calls the model twice, once for text and once for JSON, outside any run. Never throws for what the model does. */
  test(model: string, signal: AbortSignal): Promise<ModelTest>;
}

export interface GatewayDeps {
  /** The company's `models.yaml` as it is now, or null. */
  models(): JsonObject | null;
  /** Keys by name (`OPENAI_API_KEY`). Read at each call, so a new one counts at once. */
  secrets: Secrets & { values(): Iterable<string> };
  database: Database;
  clock: Clock;
  limits?: Partial<GatewayLimits>;
  /** Waits between tries; replaced in tests. */
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
}

/** Milliseconds, bytes, characters. */
export type GatewayLimits = CallLimits & RetryLimits;

export const GATEWAY_LIMITS: GatewayLimits = {
  // Models that think first are silent for minutes when they do not stream their thoughts.
  headersMs: 180_000,
  idleMs: 120_000,
  totalMs: 600_000,
  bodyBytes: 32_000_000,
  answerChars: 1_000_000,
  tries: 4,
  waitMs: 60_000,
  callMs: 900_000,
};

export function createGateway(deps: GatewayDeps): Gateway {
  const registry = () => createRegistry(deps.models(), deps.secrets);
  const ledger = createLedger(deps.database, deps.clock);
  const completeDeps = (): CompleteDeps => ({
    registry: registry(),
    redact: createRedactKeys(deps.secrets.values()),
    ledger,
    clock: deps.clock,
    limits: { ...GATEWAY_LIMITS, ...deps.limits },
    sleep: deps.sleep ?? sleep,
  });
  return {
    missing: (model) => {
      const resolved = registry().resolve(model);
      return resolved.kind === "missing" ? [resolved.reason] : [];
    },
    list: () => listModels(registry()),
    complete: (request, call) => complete(completeDeps(), request, call),
    test: (model, signal) => testModel(completeDeps(), model, signal),
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });
}
