import { z } from "zod";
import { operation } from "./operation.ts";

export const ModelView = z
  .object({
    id: z.string(),
    provider: z.string(),
    model: z.string(),
    tier: z.string().nullable(),
    ready: z.boolean(),
    /** Why it cannot be called, in words. */
    missing: z.string().nullable(),
    /** USD per million tokens; null: no price is known, so no USD is shown. */
    price: z.object({ input: z.number(), output: z.number() }).nullable(),
  })
  .meta({ id: "model" });
export type ModelView = z.infer<typeof ModelView>;

export const ModelTest = z
  .object({
    model: z.string(),
    ok: z.boolean(),
    latency_ms: z.number(),
    tokens_per_s: z.number().nullable(),
    /** It answered to a JSON Schema. */
    json_ok: z.boolean(),
    /** Why not, in one sentence. */
    reason: z.string().nullable(),
    /** True: no model was called, the built-in offline model answered. */
    offline: z.boolean(),
  })
  .meta({ id: "model_test" });
export type ModelTest = z.infer<typeof ModelTest>;

export const modelOperations = {
  list: operation({
    method: "GET",
    path: "/v1/gateway/models",
    summary: "Models that the company's files name, and whether each could be called now.",
    allow: "viewer",
    input: z.strictObject({}),
    output: z.object({ items: z.array(ModelView) }),
    errors: [],
  }),
  test: operation({
    method: "POST",
    path: "/v1/gateway/tests",
    summary:
      "Makes two small real calls to a model, one for text and one for JSON. They may cost a fraction of a cent.",
    allow: "operator",
    input: z.strictObject({ model: z.string().min(1).max(200) }),
    output: ModelTest,
    errors: [],
  }),
};
