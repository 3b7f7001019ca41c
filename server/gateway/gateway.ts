import type { Json, JsonObject, Spent } from "@regent/contract";

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
}

export interface ModelInfo {
  id: string;
  provider: string;
  model: string;
  tier: string | null;
  ready: boolean;
  /** Why it cannot be called, in words. */
  missing: string | null;
  price: { input: number; output: number } | null;
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
}
