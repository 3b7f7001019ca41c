import { z } from "zod";
import { anyObject, Name, SecretName, Text } from "./values.ts";

const Price = z
  .strictObject({
    input: z.number().nonnegative(),
    output: z.number().nonnegative(),
    cached_input: z.number().nonnegative().optional(),
    cache_read: z.number().nonnegative().optional(),
    cache_write: z.number().nonnegative().optional(),
  })
  .meta({ description: "USD per million tokens: { input: 1.00, output: 2.00 }" });

const Model = z
  .union([
    Name,
    z.strictObject({
      id: Name.optional(),
      name: Name.optional(),
      tier: z.enum(["fast", "balanced", "deep"]).optional(),
      capabilities: z.array(z.string()).optional(),
      price: Price.optional(),
      context: z.int().positive().optional(),
      limits: anyObject("limits such as { requests_per_minute: 60 }").optional(),
      use_for: z.array(z.string()).optional(),
    }),
  ])
  .meta({ description: "a model's name, or { id, tier, capabilities, price, context, limits }" });

export const ProviderSource = z
  .strictObject({
    type: Name.optional(),
    base_url: z.url().optional(),
    api: z
      .enum(["responses", "chat"])
      .meta({
        description: "OpenAI's newer protocol, or the one that everybody speaks; default: chat where base_url is set",
      })
      .optional(),
    api_key: SecretName.optional(),
    secret: SecretName.optional(),
    models: z.union([z.array(Model), z.record(z.string(), anyObject("a model"))]).optional(),
    use_for: z.array(z.string()).optional(),
    prices: z.record(z.string(), Price).optional(),
    tiers: z.record(z.string(), Name).optional(),
    limits: anyObject("limits such as { requests_per_minute: 60 }").optional(),
    headers: z.record(z.string(), z.string()).optional(),
    timeout: Text.optional(),
  })
  .meta({ id: "provider", description: "a provider of models" });

export const ModelsFile = z
  .strictObject({
    providers: z.record(z.string(), ProviderSource).meta({ description: "providers by name" }),
    defaults: z
      .record(z.string(), Name)
      .meta({ description: "a model for each use, such as chat: openai:gpt-4o-mini" })
      .optional(),
    tiers: z
      .record(z.string(), z.union([Name, z.array(Name)]))
      .meta({ description: "a model for fast, balanced and deep" })
      .optional(),
    policies: z
      .strictObject({
        max_cost_usd_per_day: z.number().nonnegative().optional(),
        safe_modes: z.array(z.enum(["profanity_filter", "pii_redact"])).optional(),
        execution: z.enum(["any", "open-source-only"]).optional(),
        scope: z.enum(["models", "all"]).optional(),
        route: z.enum(["cost", "performance", "capability"]).optional(),
      })
      .meta({ description: "policies of model calls" })
      .optional(),
  })
  .meta({ id: "models", description: "the model registry" });
