import { z } from "zod";
import { anyObject, Count, Duration, Id, MoneyValue, Name, Text, Version } from "./values.ts";

const AgentBudget = z
  .strictObject({
    per_run: MoneyValue.optional(),
    per_day: MoneyValue.optional(),
    per_month: MoneyValue.optional(),
    max_per_execution: MoneyValue.optional(),
    daily_limit: MoneyValue.optional(),
    monthly_limit: MoneyValue.optional(),
  })
  .meta({ description: "a budget such as { per_run: $0.20, per_day: $2, per_month: $40 }" });

const body = {
  id: Id.optional(),
  version: Version.optional(),
  description: Text.optional(),
  department: Name.optional(),
  role: Text.optional(),
  goal: Text.optional(),
  goals: z.array(Text).optional(),
  backstory: Text.optional(),
  model: z
    .union([
      Name,
      z
        .strictObject({
          primary: Name,
          fallback: z.union([Name, z.array(Name)]).optional(),
          cost_budget: AgentBudget.optional(),
        })
        .meta({ description: "{ primary, fallback, cost_budget }" }),
    ])
    .meta({ description: "a tier, a model, or { primary, fallback, cost_budget }" })
    .optional(),
  tools: z.array(Name).optional(),
  triggers: z.array(z.union([Name, anyObject("a trigger such as { slack_message_contains: bug }")])).optional(),
  rules: z.array(z.union([Text, anyObject("a rule such as if spend > 3x target_cpa: pause")])).optional(),
  budget: AgentBudget.optional(),
  limits: z
    .strictObject({ steps: Count.optional(), same_call: Count.optional(), duration: Duration.optional() })
    .meta({ description: "limits such as { steps: 30, same_call: 2, duration: 15m }" })
    .optional(),
  memory_schema: anyObject("a memory schema such as { vector_store: default }").optional(),
  reports_to: Name.optional(),
};

export const AgentSource = z.strictObject({ name: Name, ...body }).meta({ id: "agent", description: "an agent" });
const NamedAgent = z.strictObject({ name: Name.optional(), ...body }).meta({ description: "an agent" });
export const AgentsFile = z
  .strictObject({
    agents: z
      .union([z.record(z.string(), NamedAgent), z.array(AgentSource)])
      .meta({ description: "agents, as a map by name or as a list" }),
  })
  .meta({ description: "a file with agents" });
