import { z } from "zod";
import {
  anyObject,
  Cron,
  Duration,
  EventType,
  ExpressionText,
  Id,
  MoneyValue,
  Name,
  oneOrMany,
  SecretName,
  Text,
  Timezone, // biome-ignore format: one list
} from "./values.ts";

const EnvValues = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .meta({ description: "values that expressions may read as env.NAME; never secrets" });

export const CompanySource = z
  .union([
    Name,
    z.strictObject({
      id: Id.optional(),
      name: Name.optional(),
      description: Text.optional(),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/)
        .meta({ description: "a currency of three capitals such as USD" })
        .optional(),
      timezone: Timezone.optional(),
      hosted: z.boolean().optional(),
      env: EnvValues.optional(),
    }),
  ])
  .meta({ id: "company", description: "the company: { id, name, currency, timezone }" });

const inputs = anyObject("inputs of the run").optional();
const start = Name.optional();
export const TriggerSource = z
  .union([
    z.strictObject({
      cron: Cron,
      timezone: Timezone.optional(),
      catch_up: z.enum(["none", "last", "all"]).optional(),
      start,
      inputs,
    }),
    z.strictObject({ every: Duration, start, inputs }),
    z.strictObject({ event: EventType, where: ExpressionText.optional(), start, inputs }),
    z.strictObject({
      metric: Name,
      each: Name.optional(),
      if: ExpressionText,
      for: Duration.optional(),
      where: ExpressionText.optional(),
      start,
      inputs,
    }),
    z.strictObject({
      message: z.strictObject({ channel: Name.optional(), contains: oneOrMany(Text) }),
      where: ExpressionText.optional(),
      start,
      inputs,
    }),
    z.strictObject({ webhook: Name, secret: SecretName.optional(), where: ExpressionText.optional(), start, inputs }),
  ])
  .meta({ id: "trigger", description: "a trigger: cron, every, event, metric, message or webhook" });

const mode = z.enum(["simulated", "read-only", "live"]).optional();
const content = z.enum(["outside", "trusted"]).optional();
export const ConnectionSource = z
  .union([
    z.strictObject({
      vendor: Name,
      mode,
      content,
      secret: SecretName.optional(),
      account: Text.optional(),
      url: Text.optional(),
    }),
    z.strictObject({
      command: oneOrMany(z.string()),
      mode,
      content,
      secret: SecretName.optional(),
      env: z.record(z.string(), z.string()).optional(),
    }),
    z.strictObject({
      url: z.url(),
      mode,
      content,
      secret: SecretName.optional(),
      auth: z.enum(["oauth", "token", "none"]).optional(),
    }),
  ])
  .meta({ id: "connection", description: "a connection: vendor, command or url" });

const classes = z.enum(["read", "reply", "write", "publish", "spend", "money", "irreversible"]);
const decision = {
  when: ExpressionText,
  because: Text.optional(),
  who: oneOrMany(Name).optional(),
  expires: Duration.optional(),
  tools: z.array(Name).optional(),
  author: Text.optional(),
  date: Text.optional(),
  until: Text.optional(),
};
export const PoliciesSource = z
  .strictObject({
    effects: z
      .array(z.strictObject({ tools: z.array(Name).min(1), class: classes, amount: ExpressionText.optional() }))
      .optional(),
    refuse: z.array(z.strictObject(decision)).optional(),
    allow: z.array(z.strictObject(decision)).optional(),
    ask: z.array(z.strictObject(decision)).optional(),
    execution: z.enum(["any", "open-source-only"]).optional(),
    scope: z.enum(["models", "all"]).optional(),
  })
  .meta({ id: "policies", description: "the guard's policies" });

const Limits = z
  .strictObject({
    per_run: MoneyValue.optional(),
    per_day: MoneyValue.optional(),
    per_month: MoneyValue.optional(),
    max_per_execution: MoneyValue.optional(),
    daily_limit: MoneyValue.optional(),
    monthly_limit: MoneyValue.optional(),
  })
  .meta({ description: "limits such as { per_day: $2 }" });
export const BudgetsSource = z
  .record(z.string(), Limits)
  .meta({ id: "budgets", description: "limits by scope, such as company, agent/ads_agent, daemon/weekly-report" });

export const CompanyFile = z
  .strictObject({
    company: CompanySource.optional(),
    env: EnvValues.optional(),
    connections: z.record(z.string(), ConnectionSource).meta({ description: "connections by name" }).optional(),
    triggers: z.record(z.string(), TriggerSource).meta({ description: "triggers by name" }).optional(),
    policies: PoliciesSource.optional(),
    budgets: BudgetsSource.optional(),
  })
  .meta({ description: "a file with company, connections, triggers, policies or budgets" });
