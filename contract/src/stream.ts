import { z } from "zod";
import { operation } from "./operation.ts";

/**
 * One message of the event stream: something changed. `data` says what; whoever needs the whole thing reads it.
 * Topics: `runs` (`{ id, status, daemon }`), `approvals` (`{ id, state, run }`), `events` (`{ id, type }`),
 * `definitions` (`{ errors }`), and `gap` (`{}`): the id to resume from is too old, read everything again.
 */
export const Change = z.object({ topic: z.string(), data: z.record(z.string(), z.unknown()) }).meta({ id: "change" });
export type Change = z.infer<typeof Change>;

export const streamOperations = {
  follow: operation({
    method: "GET",
    path: "/v1/stream",
    summary: "Changes as server-sent events; resumes after `Last-Event-ID`. A comment every 15 s keeps it open.",
    allow: "viewer",
    /** Only these topics; absent: all. */
    input: z.strictObject({ topics: z.array(z.string().min(1).max(120)).min(1).max(50).optional() }),
    output: Change,
    answer: "events",
    errors: [],
  }),
};
