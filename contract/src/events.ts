import { z } from "zod";
import { EventId } from "./ids.ts";
import { AnyJsonObject, type JsonObject } from "./json.ts";
import { operation } from "./operation.ts";
import { PageQuery, pageOf } from "./page.ts";

export const EventType = z
  .string()
  .regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/, "words in lower case joined by dots, like order.paid")
  .max(120)
  .meta({ id: "event_type" });

/** A fact that happened: `order.paid`. `data` is from outside unless `source` says otherwise. */
export const Event = z
  .object({
    id: EventId,
    type: EventType,
    data: z.record(z.string(), z.unknown()),
    source: z.string(),
    at: z.iso.datetime(),
  })
  .meta({ id: "event" });
export type Event = z.infer<typeof Event>;

export const eventOperations = {
  emit: operation({
    method: "POST",
    path: "/v1/events",
    summary:
      "Records an event; it may start runs and wake those that wait for it. The same id again is the same event.",
    allow: "operator",
    input: z.strictObject({
      type: EventType,
      data: AnyJsonObject.default({}),
      /** The sender's own id of the fact; `evt_` is put before it if it is not there. */
      id: z
        .string()
        .regex(/^[0-9A-Za-z._-]{1,120}$/, "letters, digits, dots, dashes and underscores")
        .optional(),
    }),
    output: Event,
    status: 201,
    errors: [],
  }),
  list: operation({
    method: "GET",
    path: "/v1/events",
    summary: "Events, newest first.",
    allow: "viewer",
    input: PageQuery.extend({ type: EventType.optional() }),
    output: pageOf(Event),
    errors: [],
  }),
};

/**
 * What expressions see as `event`: the fields of its data, as the vendor names them (`event.action`), and what Regent
 * knows of it. Regent's names win, because data comes from outside and must not be able to name its own source; a
 * field of the data that is hidden by one is found under `event.data`.
 */
export const eventScope = (event: Event): JsonObject => ({
  ...(event.data as JsonObject),
  id: event.id,
  type: event.type,
  source: event.source,
  at: event.at,
  data: event.data as JsonObject,
});
