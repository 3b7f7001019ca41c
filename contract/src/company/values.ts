import { z } from "zod";
import { parseDuration, parseMoney, parseSize } from "../units.ts";

const text = (pattern: RegExp, description: string) => z.string().regex(pattern).meta({ description });

export const Name = z.string().min(1).max(200).meta({ description: "a name" });
export const Id = text(/^[A-Za-z0-9][A-Za-z0-9_-]{0,119}$/, "an id of letters, digits, - and _");
export const Text = z.string().meta({ description: "text" });
/** The whole text is an expression: `if when where filter evidence in`. */
export const ExpressionText = z.string().min(1).meta({ description: "an expression such as spend > 3x target_cpa" });
/** Any value; strings in it may hold `${…}`. */
export const TemplateValue = z.unknown().meta({ description: "a value; its texts may hold ${…}" });
export const TemplateText = z.string().meta({ description: "text that may hold ${…}" });
export const Duration = z
  .string()
  .refine((value) => parseDuration(value) !== undefined)
  .meta({ description: "a duration such as 500ms, 2s, 30m, 24h or 7d", pattern: "^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$" });
export const MoneyValue = z
  .union([
    z
      .string()
      .refine((value) => parseMoney(value) !== undefined)
      .meta({ description: "money such as $4.99 or 4.99 EUR" }),
    z.number().nonnegative(),
  ])
  .meta({ description: "money such as $4.99, 4.99 EUR, or a number in the company's currency" });
export const Size = z
  .string()
  .refine((value) => parseSize(value) !== undefined)
  .meta({ description: "a size such as 512MB or 1.5GiB" });
export const Version = text(
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/,
  "a version of three numbers such as 1.2.0",
);
export const Cron = z.string().min(1).max(200).meta({ description: "a cron line of five fields such as 0 8 * * 1" });
export const Timezone = z.string().min(1).max(100).meta({ description: "a time zone such as Europe/Berlin" });
export const EventType = text(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/, "an event such as order.paid");
export const Count = z.int().min(1).meta({ description: "a whole number from 1" });
export const SecretName = text(/^[A-Z][A-Z0-9_]{0,99}$/, "the NAME of a secret in capitals, never its value");
export const oneOrMany = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item)]);
export const anyObject = (description: string) => z.record(z.string(), z.unknown()).meta({ description });
