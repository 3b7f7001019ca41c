import { z } from "zod";
import { anyObject, Cron, Duration, Id, MoneyValue, Name, Size, Text, Timezone, Version } from "./values.ts";

export const SkillFile = z
  .strictObject({
    skill: z
      .strictObject({
        name: Name,
        domain: Id.optional(),
        version: Version.optional(),
        description: Text.optional(),
        author: Text.optional(),
      })
      .meta({ description: "a skill: { name, domain, version }" }),
    runtime: z
      .strictObject({
        language: z.enum(["typescript", "javascript", "python", "go"]),
        timeout: Duration.optional(),
        memory: Size.optional(),
        entry: Text.optional(),
      })
      .meta({ description: "{ language, timeout, memory }" }),
    model: z
      .union([
        Name,
        z.strictObject({
          primary: Name,
          fallback: z.union([Name, z.array(Name)]).optional(),
          cost_budget: z
            .strictObject({
              max_per_execution: MoneyValue.optional(),
              daily_limit: MoneyValue.optional(),
              monthly_limit: MoneyValue.optional(),
            })
            .optional(),
        }),
      ])
      .meta({ description: "a model, or { primary, fallback, cost_budget }" })
      .optional(),
    triggers: z
      .array(
        z
          .union([
            z.strictObject({ type: z.literal("message"), patterns: z.array(Text).min(1) }),
            z.strictObject({ type: z.literal("cron"), schedule: Cron, timezone: Timezone.optional() }),
            z.strictObject({ type: z.literal("event"), event: Name }),
          ])
          .meta({ description: "a trigger of a skill" }),
      )
      .optional(),
    permissions: z
      .strictObject({
        tools: z.array(Name).optional(),
        hosts: z.array(Name).optional(),
        secrets: z.array(Name).optional(),
      })
      .meta({ description: "{ tools, hosts, secrets }" })
      .optional(),
    canary: z
      .strictObject({ share: Text.optional(), promote_after: Text.optional(), rollback_if: Text.optional() })
      .meta({ description: "{ share: 5%, promote_after: 200 runs, rollback_if: … }" })
      .optional(),
    inputs: anyObject("a JSON Schema of the skill's input").optional(),
  })
  .meta({ id: "skill", description: "a skill's configuration" });
