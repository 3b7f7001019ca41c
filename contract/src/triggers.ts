import { z } from "zod";
import { EventId } from "./ids.ts";
import { operation } from "./operation.ts";

/** A trigger of a daemon, as it stands now. */
export const TriggerView = z
  .object({
    daemon: z.string(),
    kind: z.enum(["cron", "event", "named"]),
    /** The expression, the event's type, or the name. */
    on: z.string(),
    timezone: z.string().nullable(),
    next_at: z.iso.datetime().nullable(),
    /** What stands in its way; null when it works. */
    missing: z.string().nullable(),
  })
  .meta({ id: "trigger" });
export type TriggerView = z.infer<typeof TriggerView>;

/** Why a trigger did not start what it should have started. */
export const TriggerProblem = z
  .object({
    at: z.iso.datetime(),
    daemon: z.string(),
    event: EventId.nullable(),
    /** The moment of the schedule. */
    tick: z.iso.datetime().nullable(),
    code: z.string(),
    message: z.string(),
  })
  .meta({ id: "trigger_problem" });
export type TriggerProblem = z.infer<typeof TriggerProblem>;

export const triggerOperations = {
  list: operation({
    method: "GET",
    path: "/v1/triggers",
    summary: "What daemons start with: when next, or what is missing.",
    allow: "viewer",
    input: z.strictObject({}),
    output: z.object({ items: z.array(TriggerView) }),
    errors: [],
  }),
  problems: operation({
    method: "GET",
    path: "/v1/triggers/problems",
    summary: "Starts that failed, newest first, with the reason. The newest thousand are kept.",
    allow: "viewer",
    input: z.strictObject({ limit: z.number().int().min(1).max(1_000).default(50) }),
    output: z.object({ items: z.array(TriggerProblem) }),
    errors: [],
  }),
};
