import { type Event, fail, type Page } from "@regent/contract";
import { findEvent, type StoredEvent, selectEvents, selectPastEvents } from "./store.ts";
import type { EventRow, TriggersDeps } from "./triggers.ts";

const PAST_MAX = 500;

export async function getEvent(deps: Pick<TriggersDeps, "db">, id: string): Promise<Event> {
  const stored = await findEvent(deps.db, id);
  if (!stored) throw fail("not_found", { what: "event", id });
  return toEvent(stored);
}

export async function listEvents(
  deps: Pick<TriggersDeps, "db">,
  filter: { type?: string; limit: number; cursor?: string },
): Promise<Page<Event>> {
  if (filter.cursor !== undefined && !/^\d{1,18}$/.test(filter.cursor)) {
    throw fail("invalid_input", { errors: [{ pointer: "/cursor", message: "not a cursor of this list" }] });
  }
  const limit = Math.min(Math.max(Math.trunc(filter.limit), 1), 200);
  const stored = await selectEvents(deps.db, {
    type: filter.type ?? null,
    before: filter.cursor ?? null,
    limit: limit + 1,
  });
  const page = stored.slice(0, limit);
  return { items: page.map(toEvent), next_cursor: stored.length > limit ? page.at(-1)!.seq : null };
}

export async function pastEvents(
  deps: Pick<TriggersDeps, "db">,
  type: string,
  sinceMs: number,
  after?: string,
): Promise<EventRow[]> {
  const since = new Date(sinceMs);
  const stored = await selectPastEvents(deps.db, { type, since, after: after ?? null, limit: PAST_MAX });
  return stored.map(toEvent);
}

export const toEvent = (stored: StoredEvent): EventRow => ({
  id: stored.id,
  type: stored.type,
  data: stored.data,
  source: stored.source,
  at: stored.at.toISOString(),
});
