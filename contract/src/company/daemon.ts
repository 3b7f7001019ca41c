import { z } from "zod";
import {
  anyObject,
  Count,
  Cron,
  Duration,
  EventType,
  ExpressionText,
  Id,
  MoneyValue,
  Name,
  oneOrMany,
  TemplateText,
  TemplateValue,
  Text,
  Timezone,
  Version, // biome-ignore format: one list
} from "./values.ts";

export const INPUT_TYPES = [
  "string",
  "text",
  "integer",
  "number",
  "boolean",
  "enum",
  "date",
  "datetime",
  "duration",
  "money",
  "json",
  "list",
  "file",
  "folder",
  "product",
  "agent",
  "secret", // biome-ignore format: one list
] as const;

export const InputSource = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .meta({ description: "a name of letters, digits and _" }),
    type: z.enum(INPUT_TYPES).optional(),
    required: z.boolean().optional(),
    description: Text.optional(),
    default: z.unknown().optional(),
    options: z.array(z.string()).min(1).optional(),
    min: z.number().optional(),
    max: z.number().optional(),
  })
  .meta({ id: "input", description: "an input of a daemon" });

export const BudgetSource = z
  .strictObject({
    per_run: MoneyValue.optional(),
    duration: Duration.optional(),
    on_budget: z.enum(["wait", "fail"]).optional(),
  })
  .meta({ description: "a budget such as { per_run: $0.50, duration: 30m }" });

export const DaemonTriggerSource = z
  .union([
    Name,
    z
      .strictObject({
        cron: Cron,
        timezone: Timezone.optional(),
        catch_up: z.enum(["none", "last", "all"]).optional(),
        inputs: anyObject("inputs of the run").optional(),
      })
      .meta({ description: "a schedule" }),
    z
      .strictObject({
        event: EventType,
        where: ExpressionText.optional(),
        inputs: anyObject("inputs of the run").optional(),
      })
      .meta({ description: "an event" }),
    z
      .strictObject({ trigger: Name, inputs: anyObject("inputs of the run").optional() })
      .meta({ description: "a trigger of the company, by name" }),
  ])
  .meta({ description: "a trigger: { cron: … }, { event: … } or the name of one" });

const Patch = z
  .strictObject({
    agent: Name.optional(),
    tool: Name.optional(),
    with: TemplateValue.optional(),
    script: Text.optional(),
    runtime: z.enum(["node", "python", "bash", "go"]).optional(),
    skill: Name.optional(),
  })
  .meta({ description: "what a fallback replaces, such as { agent: balanced }" });

const anyStage = {
  id: Id.optional(),
  description: Text.optional(),
  when: z.union([ExpressionText, z.boolean()]).optional(),
  needs: oneOrMany(Name).optional(),
  handler: z.boolean().optional(),
  retry: z
    .strictObject({
      attempts: Count,
      first: Duration.optional(),
      max: Duration.optional(),
      factor: z.number().min(1).max(100).optional(),
    })
    .meta({ description: "retries such as { attempts: 5, first: 2s, max: 2m }" })
    .optional(),
  timeout: Duration.optional(),
  fallback: oneOrMany(Patch).optional(),
  on_error: Name.optional(),
  budget: BudgetSource.optional(),
  on_budget: z.enum(["wait", "fail"]).optional(),
  input: TemplateValue.optional(),
  output: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .meta({ description: "a name of letters, digits and _" })
    .optional(),
  output_schema: anyObject("a JSON Schema").optional(),
  evidence: oneOrMany(ExpressionText).optional(),
  cache: z
    .union([
      Duration,
      z.strictObject({ for: Duration, key: TemplateValue.optional() }).meta({ description: "{ for: 1h, key: ${…} }" }),
    ])
    .meta({ description: "how long a result may be used again, such as 1h" })
    .optional(),
  network: oneOrMany(Name).optional(),
  working_directory: TemplateText.optional(),
  declassify: z.array(Name).optional(),
};

const Runtime = z.enum(["node", "python", "bash", "go"]);

/** Stages hold stages: the list is read lazily. */
const Stages: z.ZodType<unknown> = z.lazy(() => z.array(StageSource).min(1)).meta({ description: "a list of stages" });

/** A branch is named by its key, so the stage in it need not be. */
const Branch: z.ZodType<unknown> = z.lazy(() =>
  z
    .union([stageUnion(Name.optional()), z.array(StageSource).min(1), z.strictObject({ stages: Stages })])
    .meta({ description: "a stage, a list of stages, or { stages: … }" }),
);

function stageUnion(name: z.ZodType): z.ZodType {
  const stageOf = (type: string, shape: z.ZodRawShape) =>
    z
      .strictObject({ name, type: z.literal(type), ...anyStage, ...shape })
      .meta({ description: `a stage of type ${type}` });
  return z.union([
    z.string().min(1).max(200).meta({ description: "a stage in short: Name (Executor)" }),
    z
      .strictObject({
        name,
        type: z.literal("agent").optional(),
        ...anyStage,
        agent: Name,
        prompt_template: TemplateText.optional(),
        prompt: TemplateText.optional(),
      })
      .meta({ description: "a stage of type agent" }),
    stageOf("script", { script: Text, runtime: Runtime.optional() }),
    stageOf("hybrid", {
      script: Text,
      runtime: Runtime.optional(),
      agent: Name,
      agent_role: Name.optional(),
      prompt_template: TemplateText.optional(),
      prompt: TemplateText.optional(),
      attempts: Count.optional(),
    }),
    stageOf("tool", { tool: Name, with: TemplateValue.optional() }),
    stageOf("skill", { skill: Name, with: TemplateValue.optional() }),
    stageOf("daemon", { daemon: Name, with: TemplateValue.optional() }),
    stageOf("gate", {
      ask: TemplateText,
      show: oneOrMany(TemplateText).optional(),
      who: Name.optional(),
      expires: Duration.optional(),
      otherwise: z.enum(["reject", "approve", "escalate"]).optional(),
      on_reject: Name.optional(),
      rubric: z.unknown().optional(),
      vote: z.unknown().optional(),
    }),
    stageOf("parallel", {
      branches: z.record(z.string(), Branch).meta({ description: "branches by name" }).optional(),
      stages: Stages.optional(),
      join: z
        .union([z.enum(["all", "any"]), Count])
        .meta({ description: "all, any, or a number" })
        .optional(),
    }),
    stageOf("for-each", { in: ExpressionText, stages: Stages, limit: Count.optional() }),
    stageOf("wait", {
      for: TemplateText.optional(),
      until: TemplateText.optional(),
      event: EventType.optional(),
      where: ExpressionText.optional(),
    }),
    stageOf("rule", { rules: z.unknown() }),
    stageOf("emit", { event: EventType, with: TemplateValue.optional(), data: TemplateValue.optional() }),
  ]);
}

export const StageSource: z.ZodType<unknown> = stageUnion(Name).meta({ id: "stage", description: "a stage" });

const body = {
  id: Id.optional(),
  version: Version.optional(),
  description: Text.optional(),
  author: Text.optional(),
  price: z
    .union([z.string(), z.number().nonnegative(), anyObject("a subscription")])
    .meta({ description: "free, $4.99 or { subscription: $9/month }" })
    .optional(),
  inputs: z.array(InputSource).optional(),
  triggers: z.array(DaemonTriggerSource).optional(),
  uses: z.array(Name).optional(),
  budget: BudgetSource.optional(),
  on_budget: z.enum(["wait", "fail"]).optional(),
  concurrency: z
    .strictObject({ key: TemplateText.optional(), limit: Count.optional(), hold_while_waiting: z.boolean().optional() })
    .meta({ description: '{ key: "${inputs.product}", limit: 1 }' })
    .optional(),
  hold_while_waiting: z.boolean().optional(),
  priority: z.int().min(0).max(1000).optional(),
  cache_paths: z.array(Name).optional(),
  output: TemplateValue.optional(),
  stages: z.array(StageSource).min(1).meta({ description: "a list of stages" }),
};

export const DaemonSource = z.strictObject({ name: Name, ...body }).meta({ id: "daemon", description: "a daemon" });
export const DaemonFile = z.strictObject({ daemon: DaemonSource }).meta({ description: "a file with a daemon" });
/** `stages:` alone: the file's name is the id. */
export const StagesFile = z
  .strictObject({ name: Name.optional(), ...body })
  .meta({ description: "stages alone; the file's name is the daemon's id" });
