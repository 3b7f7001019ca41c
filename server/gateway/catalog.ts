/**
 * What Regent knows of models without being told: providers, names, tiers and list prices. A company's `models.yaml`
 * adds to it and beats it. A model that is not here can be called; its price is unknown then.
 *
 * Prices: USD per million tokens, list prices of the providers' own APIs as collected in @earendil-works/pi-ai 1.5.2
 * and compared with @pydantic/genai-prices 0.1.8 (both MIT, read 2026-11-20). Where the two differ the higher stands.
 */
export type ProviderType =
  | "openai"
  | "anthropic"
  | "google"
  | "mistral"
  | "openrouter"
  | "ollama"
  | "openai-compatible";
export type Tier = "fast" | "balanced" | "deep";

export const TIERS: readonly Tier[] = ["fast", "balanced", "deep"];

/** USD per million tokens. `over`: what holds for the whole call when its prompt is longer than `tokens`. */
export interface Price {
  input: number;
  output: number;
  cacheRead?: number;
  cacheWrite?: number;
  over?: { tokens: number; input: number; output: number; cacheRead?: number; cacheWrite?: number };
}

export interface KnownProvider {
  /** Secrets that may hold its key, the first one found is used. Empty: needs none. */
  keys: readonly string[];
  /** How its models are called; a bare name that fits belongs to this provider. */
  family?: RegExp;
  baseUrl?: string;
  /** Its weights are not open: refused by `execution: open-source-only`. */
  closed: boolean;
}

export const KNOWN_PROVIDERS: Readonly<Record<ProviderType, KnownProvider>> = {
  openai: { keys: ["OPENAI_API_KEY"], family: /^(gpt-|o\d|chatgpt-|chat-latest)/, closed: true },
  anthropic: { keys: ["ANTHROPIC_API_KEY"], family: /^claude-/, closed: true },
  google: {
    keys: ["GOOGLE_GENERATIVE_AI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"],
    family: /^gem(ini|ma)-/,
    closed: true,
  },
  mistral: {
    keys: ["MISTRAL_API_KEY"],
    family: /^(mistral|ministral|codestral|devstral|magistral|pixtral|open-mi[sx]tral)-/,
    closed: true,
  },
  openrouter: { keys: ["OPENROUTER_API_KEY"], closed: true },
  ollama: { keys: [], baseUrl: "http://127.0.0.1:11434", closed: false },
  "openai-compatible": { keys: [], closed: false },
};

export interface KnownModel {
  provider: ProviderType;
  model: string;
  tier: Tier | null;
  price: Price;
  /** The most tokens it can answer with. */
  outputMax: number;
}

const known = (
  provider: ProviderType,
  model: string,
  tier: Tier | null,
  outputMax: number,
  price: Price,
): KnownModel => ({
  provider,
  model,
  tier,
  price,
  outputMax,
});

// The first of a provider's models with a tier is what the tier means there.
export const KNOWN_MODELS: readonly KnownModel[] = [
  known("anthropic", "claude-haiku-5-5", "fast", 128_000, {
    ...{ input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125 },
    over: { tokens: 100_000, input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite: 0.625 },
  }),
  known("anthropic", "claude-sonnet-5-5", "balanced", 128_000, {
    input: 2,
    output: 10,
    cacheRead: 0.2,
    cacheWrite: 2.5,
  }),
  known("anthropic", "claude-opus-5-5", "deep", 128_000, { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 }),
  known("anthropic", "claude-fable-5-2", "deep", 128_000, { input: 8, output: 40, cacheRead: 0.2, cacheWrite: 10 }),
  known("anthropic", "claude-opus-5", "deep", 128_000, { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
  known("anthropic", "claude-opus-4-8", "deep", 128_000, { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
  known("anthropic", "claude-opus-4-5", "deep", 64_000, { input: 5, output: 25, cacheRead: 0.5, cacheWrite: 6.25 }),
  known("anthropic", "claude-opus-4-1", "deep", 32_000, { input: 15, output: 75, cacheRead: 1.5, cacheWrite: 18.75 }),
  known("anthropic", "claude-sonnet-5", "balanced", 128_000, { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 }),
  known("anthropic", "claude-sonnet-4-6", "balanced", 128_000, {
    input: 3,
    output: 15,
    cacheRead: 0.3,
    cacheWrite: 3.75,
  }),
  known("anthropic", "claude-sonnet-4-5", "balanced", 64_000, {
    input: 3,
    output: 15,
    cacheRead: 0.3,
    cacheWrite: 3.75,
  }),
  known("anthropic", "claude-3-7-sonnet", "balanced", 64_000, {
    input: 3,
    output: 15,
    cacheRead: 0.3,
    cacheWrite: 3.75,
  }),
  known("anthropic", "claude-haiku-4-5", "fast", 64_000, { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 }),
  known("anthropic", "claude-3-5-haiku", "fast", 8_192, { input: 0.8, output: 4, cacheRead: 0.08, cacheWrite: 1 }),
  known("openai", "gpt-6-luna", "fast", 128_000, {
    ...{ input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125 },
    over: { tokens: 272_000, input: 0.2, output: 0.75, cacheRead: 0.02, cacheWrite: 0.25 },
  }),
  known("openai", "gpt-6.1-terra", "balanced", 128_000, {
    ...{ input: 1, output: 5, cacheRead: 0.05, cacheWrite: 1.25 },
    over: { tokens: 272_000, input: 2, output: 7.5, cacheRead: 0.1, cacheWrite: 2.5 },
  }),
  known("openai", "gpt-6.1-sol", "deep", 128_000, {
    ...{ input: 2, output: 10, cacheRead: 0.1, cacheWrite: 2.5 },
    over: { tokens: 272_000, input: 4, output: 15, cacheRead: 0.2, cacheWrite: 5 },
  }),
  known("openai", "gpt-6-astra", "deep", 128_000, {
    ...{ input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 },
    over: { tokens: 272_000, input: 20, output: 75, cacheRead: 2, cacheWrite: 25 },
  }),
  known("openai", "gpt-6-sol", "deep", 128_000, {
    ...{ input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 },
    over: { tokens: 272_000, input: 4, output: 15, cacheRead: 0.4, cacheWrite: 5 },
  }),
  known("openai", "gpt-5.5", "deep", 128_000, {
    ...{ input: 5, output: 30, cacheRead: 0.5 },
    over: { tokens: 272_000, input: 10, output: 45, cacheRead: 1 },
  }),
  known("openai", "gpt-5.4", "deep", 128_000, {
    ...{ input: 2.5, output: 15, cacheRead: 0.25 },
    over: { tokens: 272_000, input: 5, output: 22.5, cacheRead: 0.5 },
  }),
  known("openai", "gpt-5.4-mini", "balanced", 128_000, { input: 0.75, output: 4.5, cacheRead: 0.075 }),
  known("openai", "gpt-5.4-nano", "fast", 128_000, { input: 0.2, output: 1.25, cacheRead: 0.02 }),
  known("openai", "gpt-5.2", "deep", 128_000, { input: 1.75, output: 14, cacheRead: 0.175 }),
  known("openai", "gpt-5.1", "deep", 128_000, { input: 1.25, output: 10, cacheRead: 0.125 }),
  known("openai", "gpt-5", "deep", 128_000, { input: 1.25, output: 10, cacheRead: 0.125 }),
  known("openai", "gpt-5-mini", "balanced", 128_000, { input: 0.25, output: 2, cacheRead: 0.025 }),
  known("openai", "gpt-5-nano", "fast", 128_000, { input: 0.05, output: 0.4, cacheRead: 0.005 }),
  known("openai", "gpt-4.1", "deep", 32_768, { input: 2, output: 8, cacheRead: 0.5 }),
  known("openai", "gpt-4.1-mini", "balanced", 32_768, { input: 0.4, output: 1.6, cacheRead: 0.1 }),
  known("openai", "gpt-4.1-nano", "fast", 32_768, { input: 0.1, output: 0.4, cacheRead: 0.025 }),
  known("openai", "gpt-4o", "balanced", 16_384, { input: 2.5, output: 10, cacheRead: 1.25 }),
  known("openai", "gpt-4o-mini", "fast", 16_384, { input: 0.15, output: 0.6, cacheRead: 0.075 }),
  known("openai", "gpt-4-turbo", "balanced", 4_096, { input: 10, output: 30 }),
  known("openai", "gpt-4", "balanced", 8_192, { input: 30, output: 60 }),
  known("openai", "o3", "deep", 100_000, { input: 2, output: 8, cacheRead: 0.5 }),
  known("openai", "o4-mini", "balanced", 100_000, { input: 1.1, output: 4.4, cacheRead: 0.275 }),
  known("google", "gemini-2.5-flash-lite", "fast", 65_536, { input: 0.1, output: 0.4, cacheRead: 0.03 }),
  known("google", "gemini-3.8-flash", "balanced", 65_536, { input: 0.75, output: 3.75, cacheRead: 0.075 }),
  known("google", "gemini-3.1-pro-preview", "deep", 65_536, {
    ...{ input: 2, output: 12, cacheRead: 0.2 },
    over: { tokens: 200_000, input: 4, output: 18, cacheRead: 0.4 },
  }),
  known("google", "gemini-3.5-flash", "balanced", 65_536, { input: 1.5, output: 9, cacheRead: 0.15 }),
  known("google", "gemini-2.5-flash", "fast", 65_536, { input: 0.3, output: 2.5, cacheRead: 0.03 }),
  known("google", "gemini-2.5-pro", "deep", 65_536, {
    ...{ input: 1.25, output: 10, cacheRead: 0.125 },
    over: { tokens: 200_000, input: 2.5, output: 15, cacheRead: 0.25 },
  }),
  known("mistral", "mistral-small-2603", "fast", 65_536, { input: 0.15, output: 0.6, cacheRead: 0.015 }),
  known("mistral", "mistral-large-2512", "balanced", 65_536, { input: 0.5, output: 1.5, cacheRead: 0.05 }),
  known("mistral", "mistral-medium-2604", "deep", 65_536, { input: 1.5, output: 7.5, cacheRead: 0.15 }),
  known("mistral", "codestral-2508", null, 8_192, { input: 0.3, output: 0.9, cacheRead: 0.03 }),
  known("mistral", "devstral-2512", null, 65_536, { input: 0.4, output: 2, cacheRead: 0.04 }),
];

/** Names that people and the documents use for a model. */
const ALIASES: Readonly<Record<string, string>> = {
  gpt: "openai:gpt-6.1-sol",
  claude: "anthropic:claude-sonnet-5-5",
  "claude-opus": "anthropic:claude-opus-5-5",
  "claude-sonnet": "anthropic:claude-sonnet-5-5",
  "claude-haiku": "anthropic:claude-haiku-5-5",
  "claude-3.7-sonnet": "anthropic:claude-3-7-sonnet-latest",
  "claude-3.5-haiku": "anthropic:claude-3-5-haiku-latest",
  gemini: "google:gemini-3.1-pro-preview",
  "gemini-pro": "google:gemini-3.1-pro-preview",
  "gemini-flash": "google:gemini-3.8-flash",
  mistral: "mistral:mistral-large-2512",
  codestral: "mistral:codestral-2508",
};

// Own property only: the name comes from a file, "constructor" must not resolve.
export const findAlias = (name: string): string | undefined =>
  Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;

/** Models whose weights anybody can run: known by name, called where a provider lists them. */
export const OPEN_FAMILIES = /^(llama|qwen|deepseek|phi|gemma|mixtral|gpt-oss|command|grok|sonar|perplexity)[-.:\d]/i;

/** Programs that work on code by themselves. Known by name; Regent cannot drive them yet. */
export const CLI_AGENTS: ReadonlySet<string> = new Set([
  "claude-code",
  "codex",
  "gemini-cli",
  "cursor",
  "cursor-agent",
  "copilot",
]);

export const ALIAS_NAMES: readonly string[] = Object.keys(ALIASES);

/** A dated name (`gpt-4o-2024-11-20`, `claude-sonnet-4-5-20250929`) has the price of its model. */
export const findKnownModel = (provider: ProviderType, model: string): KnownModel | undefined => {
  const undated = model.replace(/-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$/, "");
  return KNOWN_MODELS.find((each) => each.provider === provider && (each.model === model || each.model === undated));
};
