import type { ModelInfo } from "./gateway.ts";
import type { ModelConfig, ProviderConfig, Registry } from "./registry.ts";

/** Every model that is declared or whose key is at hand, the built-in offline model last. */
export function listModels(registry: Registry): ModelInfo[] {
  const listed = registry.providers.flatMap((provider) => provider.models.map((model) => toInfo(provider, model)));
  return [...listed, OFFLINE];
}

const toInfo = (provider: ProviderConfig, model: ModelConfig): ModelInfo => ({
  id: `${provider.id}:${model.model}`,
  provider: provider.id,
  model: model.model,
  tier: model.tier,
  ready: provider.missing === null,
  missing: provider.missing,
  price: model.price && { input: model.price.input, output: model.price.output },
});

const OFFLINE: ModelInfo = {
  id: "offline",
  provider: "offline",
  model: "offline",
  tier: null,
  ready: true,
  missing: null,
  price: { input: 0, output: 0 },
};
