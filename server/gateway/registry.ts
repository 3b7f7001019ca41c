import type { Json, JsonObject } from "@regent/contract";
import {
  ALIAS_NAMES, CLI_AGENTS, findAlias, findKnownModel, KNOWN_MODELS, KNOWN_PROVIDERS, OPEN_FAMILIES,
  type Price, type ProviderType, TIERS, type Tier,
} from "./catalog.ts"; // biome-ignore format: one list

/** A provider as it can be called now. */
export interface ProviderConfig {
  id: string;
  type: ProviderType;
  baseUrl: string | null;
  /** OpenAI's newer protocol, or the one that everybody speaks. */
  api: "responses" | "chat";
  /** The value of its key; leaves the gateway only towards the provider. */
  key: string | null;
  /** Name of the secret that holds the key. */
  keyName: string | null;
  /** Sent with every request; from the company's file, so never a secret. */
  headers: Record<string, string>;
  /** For one try in all, when the company says so. */
  timeoutMs: number | null;
  /** Why it cannot be called, in words; null: it can. */
  missing: string | null;
  declared: boolean;
  models: ModelConfig[];
}

export interface ModelConfig {
  model: string;
  tier: Tier | null;
  price: Price | null;
  outputMax: number | null;
}

export type Resolved =
  | { kind: "model"; provider: ProviderConfig; model: ModelConfig }
  | { kind: "offline" }
  | { kind: "missing"; reason: string };

export interface Registry {
  providers: ProviderConfig[];
  resolve(reference: string): Resolved;
  /** Whether the name is one of a model, a tier or a CLI agent, callable or not. */
  knows(reference: string): boolean;
}

export interface Secrets {
  get(name: string): string | undefined;
}

/** Joins `models.yaml` (or null), the keys at hand and what Regent knows by itself. */
export function createRegistry(file: JsonObject | null, secrets: Secrets): Registry {
  const providers = toProviders(file, secrets);
  const defaults = toObject(file?.defaults);
  const ready = providers.filter((provider) => provider.missing === null);

  const resolve = (reference: string): Resolved => {
    if (reference === "offline") return { kind: "offline" };
    if (isTier(reference)) return resolveTier(reference);
    if (OPEN_FAMILIES.test(reference) && find(reference) === undefined) {
      return ready.length === 0 ? { kind: "offline" } : { kind: "missing", reason: unlisted(reference) };
    }
    if (CLI_AGENTS.has(reference)) {
      return { kind: "missing", reason: `CLI agents such as ${reference} cannot be driven yet` };
    }
    const found = find(reference);
    if (!found) return { kind: "missing", reason: unknownModel(reference, providers) };
    if (found.provider.missing === null) return { kind: "model", ...found };
    if (ready.length === 0) return { kind: "offline" };
    return { kind: "missing", reason: found.provider.missing };
  };

  const find = (reference: string): { provider: ProviderConfig; model: ModelConfig } | undefined => {
    const listed = findListed(reference, providers);
    if (listed) return listed;
    const provider = providers.find(({ id }) => id === reference);
    if (provider?.models[0] && !findAlias(reference)) return { provider, model: provider.models[0] };
    if (reference === "local") return findLocal(providers);
    return findNamed(findAlias(reference) ?? reference, providers);
  };

  const resolveTier = (tier: Tier): Resolved => {
    if (ready.length === 0) return { kind: "offline" };
    for (const provider of ready) {
      const own = toObject(toObject(file?.providers)[provider.id]);
      const named = toObject(own.tiers)[tier];
      const model =
        provider.models.find((each) => each.tier === tier && isTierSaid(own, each.model)) ??
        (typeof named === "string" ? toModel(provider.type, named, {}, priceOf(own, named)) : undefined);
      if (model) return { kind: "model", provider, model };
    }
    const balanced = tier === "balanced" ? [defaults.chat, defaults.default] : [];
    for (const named of [toObject(file?.tiers)[tier], defaults[tier], ...balanced].flat()) {
      const found = typeof named === "string" && !isTier(named) ? find(named) : undefined;
      if (found?.provider.missing === null) return { kind: "model", ...found };
    }
    const [provider] = [...ready].sort((a, b) => Number(hasTier(b, tier)) - Number(hasTier(a, tier)));
    const model = provider?.models.find((each) => each.tier === tier) ?? provider?.models[0];
    if (provider && model) return { kind: "model", provider, model };
    return { kind: "missing", reason: `no model of the tier ${tier} is listed in models.yaml` };
  };

  const knows = (reference: string): boolean =>
    reference === "offline" || isTier(reference) || CLI_AGENTS.has(reference) || OPEN_FAMILIES.test(reference) ||
    find(reference) !== undefined; // biome-ignore format: one condition

  return { providers, resolve, knows };
}

/** Names that a definition may use for a model: for the company's checks and for suggestions. */
export function isKnownModel(reference: string, file: JsonObject | null): boolean {
  return createRegistry(file, new Map()).knows(reference);
}

function toProviders(file: JsonObject | null, secrets: Secrets): ProviderConfig[] {
  const declared = toObject(file?.providers);
  const openOnly = toObject(file?.policies).execution === "open-source-only";
  const providers = Object.entries(declared).map(([id, body]) => toProvider(id, toObject(body), secrets, true));
  for (const type of ["anthropic", "openai", "google", "mistral", "openrouter"] as const) {
    if (!providers.some(({ id }) => id === type)) providers.push(toProvider(type, {}, secrets, false));
  }
  if (!openOnly) return providers;
  return providers.map((provider) =>
    KNOWN_PROVIDERS[provider.type].closed
      ? { ...provider, missing: `the policy execution: open-source-only refuses ${provider.id}` }
      : provider,
  );
}

function toProvider(id: string, body: JsonObject, secrets: Secrets, declared: boolean): ProviderConfig {
  const type = toType(id, body);
  const known = KNOWN_PROVIDERS[type];
  const ownUrl = typeof body.base_url === "string" ? body.base_url : null;
  const said = [body.secret, body.api_key].find((name) => typeof name === "string");
  const named = said === undefined ? [...known.keys, toKeyName(id)] : [said];
  const keyName = named.find((name) => secrets.get(name)) ?? named[0] ?? null;
  const key = (keyName && secrets.get(keyName)) || null;
  const keyNeeded = said !== undefined || known.keys.length > 0;
  const listed = toModels(type, body);
  return {
    id,
    type,
    baseUrl: ownUrl ?? known.baseUrl ?? null,
    api: body.api === "chat" || body.api === "responses" ? body.api : ownUrl ? "chat" : "responses",
    key,
    keyName,
    headers: toHeaders(body.headers),
    timeoutMs: toMs(body.timeout),
    missing: toMissing(),
    declared,
    models: listed.length > 0 ? listed : toKnownModels(type),
  };

  function toMissing(): string | null {
    if (type === "openai-compatible" && !ownUrl) {
      return `providers.${id} in models.yaml has no base_url (or type: ollama)`;
    }
    return keyNeeded && !key ? `${keyName} is not set` : null;
  }
}

const toKnownModels = (type: ProviderType): ModelConfig[] =>
  KNOWN_MODELS.filter(({ provider }) => provider === type).map(({ model }) => toModel(type, model, {}, null));

function toModels(type: ProviderType, body: JsonObject): ModelConfig[] {
  const listed: [string, JsonObject][] = Array.isArray(body.models)
    ? body.models.map((each) => (typeof each === "string" ? [each, {}] : [nameOf(toObject(each)), toObject(each)]))
    : Object.entries(toObject(body.models)).map(([name, each]) => [name, toObject(each)]);
  const named = new Map(listed.filter(([name]) => name !== ""));
  // A price alone says as well that the provider has the model.
  for (const name of Object.keys(toObject(body.prices))) if (!named.has(name)) named.set(name, {});
  return [...named].map(([name, each]) => toModel(type, name, each, priceOf(body, name)));
}

function toModel(type: ProviderType, name: string, body: JsonObject, listPrice: Json): ModelConfig {
  const model = findAlias(name)?.split(":")[1] ?? name;
  const known = findKnownModel(type, model);
  const limits = toObject(body.limits);
  return {
    model: known ? model : name,
    tier: typeof body.tier === "string" && isTier(body.tier) ? body.tier : (known?.tier ?? null),
    price: toPrice(body.price ?? listPrice) ?? known?.price ?? null,
    outputMax: typeof limits.output === "number" ? limits.output : (known?.outputMax ?? null),
  };
}

/** USD per million tokens. A price with a part that is missing, negative or not finite is no price. */
function toPrice(value: Json | undefined): Price | null {
  const { input, output, cache_read, cached_input: cacheRead = cache_read, cache_write: cacheWrite } = toObject(value);
  if (!isAmount(input) || !isAmount(output)) return null;
  return {
    input,
    output,
    ...(isAmount(cacheRead) && { cacheRead }),
    ...(isAmount(cacheWrite) && { cacheWrite }),
  };
}

function findListed(reference: string, providers: ProviderConfig[]) {
  const declared = providers.filter((provider) => provider.declared);
  for (const provider of declared) {
    const model = provider.models.find((each) => each.model === reference);
    if (model) return { provider, model };
  }
  for (const provider of declared) {
    const model = provider.models.find((each) => each.model.endsWith(`/${reference}`));
    if (model) return { provider, model };
  }
  return undefined;
}

function findLocal(providers: ProviderConfig[]) {
  const local = providers.find(({ type, models }) => !KNOWN_PROVIDERS[type].closed && models.length > 0);
  return local?.models[0] ? { provider: local, model: local.models[0] } : undefined;
}

/** `provider:model`, `provider/model`, or a bare name of a family that somebody makes. */
function findNamed(reference: string, providers: ProviderConfig[]) {
  const [, id, rest] = /^([\w-]+)[:/](.+)$/.exec(reference) ?? [];
  const named = providers.find((provider) => provider.id === id);
  if (named && rest) return pick(named, rest);
  const byFamily = providers.find((provider) => KNOWN_PROVIDERS[provider.type].family?.test(reference));
  return byFamily && pick(byFamily, reference);

  function pick(provider: ProviderConfig, name: string) {
    const model = provider.models.find((each) => each.model === name) ?? toModel(provider.type, name, {}, null);
    return { provider, model };
  }
}

const unlisted = (reference: string): string => `no provider in models.yaml lists ${reference}`;

const unknownModel = (reference: string, providers: ProviderConfig[]): string => {
  const listed = providers.filter(({ declared }) => declared).flatMap(({ models }) => models.map(({ model }) => model));
  const known = [...listed, ...TIERS, ...ALIAS_NAMES].slice(0, 8).join(", ");
  return `nobody knows the model "${reference}" (known are ${known} …; list it under a provider in models.yaml)`;
};

const toType = (id: string, body: JsonObject): ProviderType => {
  if (typeof body.type === "string" && Object.hasOwn(KNOWN_PROVIDERS, body.type)) return body.type as ProviderType;
  return Object.hasOwn(KNOWN_PROVIDERS, id) ? (id as ProviderType) : "openai-compatible";
};

const isTierSaid = (provider: JsonObject, model: string): boolean => {
  const { models } = provider;
  const bodies = Array.isArray(models)
    ? models.map(toObject).filter((each) => nameOf(each) === model)
    : [toObject(toObject(models)[model])];
  return bodies.some((body) => typeof body.tier === "string");
};

const priceOf = (provider: JsonObject, model: string): Json => {
  const prices = toObject(provider.prices);
  return Object.hasOwn(prices, model) ? (prices[model] ?? null) : null;
};

const toHeaders = (given: Json | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(toObject(given)).map(([name, value]) => [name, String(value)]));

const toMs = (text: Json | undefined): number | null => {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(String(text ?? "")) ?? [];
  const factor = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit];
  return count === undefined || factor === undefined ? null : Number(count) * factor;
};

const hasTier = (provider: ProviderConfig, tier: Tier): boolean => provider.models.some((each) => each.tier === tier);
const toKeyName = (id: string): string => `${id.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_API_KEY`;
const nameOf = (body: JsonObject): string => String(body.id ?? body.model ?? body.name ?? "");
const isTier = (text: string): text is Tier => (TIERS as readonly string[]).includes(text);
const isAmount = (value: Json | undefined): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;
const toObject = (value: Json | undefined): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
