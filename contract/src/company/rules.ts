import { z } from "zod";
import { anyObject, Duration, EventType, ExpressionText, Id, MoneyValue, Name, Text } from "./values.ts";

export const RuleSource = z
  .strictObject({
    id: Id.optional(),
    name: Name.optional(),
    description: Text.optional(),
    on: EventType.optional(),
    every: Duration.optional(),
    each: Name.optional(),
    if: ExpressionText,
    for: Duration.optional(),
    // biome-ignore lint/suspicious/noThenProperty: the word of the company's files
    then: z
      .union([Text, anyObject("an action such as { scale: 20% }"), z.array(z.union([Text, anyObject("an action")]))])
      .meta({
        description: "what to do: pause, { scale: 20% }, alert, notify, { start: daemon }, { tool: …, with: … }",
      }),
    cooldown: Duration.optional(),
    cap: z
      .strictObject({ per_day: MoneyValue })
      .meta({ description: "what the rule may move: { per_day: $50 }" })
      .optional(),
    mode: z.enum(["off", "watch", "ask", "act"]).optional(),
  })
  .meta({ id: "rule", description: "a rule" });

export const RulesFile = z
  .strictObject({ rules: z.array(RuleSource).meta({ description: "a list of rules" }) })
  .meta({ description: "a file with rules" });
