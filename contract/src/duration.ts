import { z } from "zod";
import { parseDuration } from "./units.ts";

/** `500ms`, `2s`, `1h30m`, `7d`, at most ten years; `parseDuration` reads it. */
export const Duration = z
  .string()
  .max(40)
  .regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/, { error: "a duration like 500ms, 2s, 30m, 24h or 7d", abort: true })
  .refine((text) => parseDuration(text) !== undefined, "at most ten years")
  .meta({ id: "duration" });
export type Duration = z.infer<typeof Duration>;
