import { z } from "zod";
import { EventId } from "./ids.ts";

/** A fact that happened: `order.paid`. `data` is from outside unless `source` says otherwise. */
export const Event = z.object({
  id: EventId,
  type: z
    .string()
    .regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/, "words in lower case joined by dots, like order.paid")
    .max(120),
  data: z.record(z.string(), z.unknown()),
  source: z.string(),
  at: z.iso.datetime(),
});
export type Event = z.infer<typeof Event>;
