/**
 * An event is recorded first, alone or with the caller's rows, and told after that commit. So telling never holds up
 * or breaks what was done, a crash in between is picked up by the next worker, and who subscribes before reading the
 * past misses nothing: an event committed after that reading is told to the subscriptions of that later moment.
 * Telling twice is harmless: runs have ids made of event and daemon, messages have keys.
 */
import { createHash } from "node:crypto";
import { Event, EventId, fail, type JsonObject } from "@regent/contract";
import type { Transaction } from "#platform";
import { claimPendingEvents, insertEvent, notifyEvent, type StoredEvent } from "./store.ts";
import { tellEvent } from "./tell-event.ts";
import type { TriggersDeps } from "./triggers.ts";

const DATA_MAX_BYTES = 256 * 1024;
const CLAIM_MS = 30_000;
const BATCH = 100;

interface NewEvent {
  id?: string;
  type: string;
  data: JsonObject;
  source: string;
}

export async function emitEvent(deps: TriggersDeps, event: NewEvent, tx?: Transaction): Promise<string> {
  const now = deps.clock.now();
  const parsed = parseEvent(deps, event, now);
  const record = async (own: Transaction, claimedUntil: Date | null): Promise<StoredEvent | undefined> => {
    const recorded = await insertEvent(own, { ...parsed, claimedUntil });
    if (recorded) await notifyEvent(own, recorded);
    return recorded;
  };
  if (tx) {
    await record(tx, null);
  } else {
    const recorded = await deps.db.transaction((own) => record(own, new Date(now + CLAIM_MS)));
    if (recorded) await tellEvent(deps, recorded);
  }
  return parsed.id;
}

/** Goes on with what was recorded and not told. Returns how many events were told. */
export async function dispatchPending(deps: TriggersDeps): Promise<number> {
  for (let told = 0; ; ) {
    const now = deps.clock.now();
    const until = new Date(now + CLAIM_MS);
    const claimed = await claimPendingEvents(deps.db, { now: new Date(now), until, limit: BATCH });
    for (const event of claimed) await tellEvent(deps, event);
    told += claimed.length;
    if (claimed.length < BATCH) return told;
  }
}

function parseEvent(deps: TriggersDeps, event: NewEvent, now: number) {
  const { type, data } = event;
  const id = event.id === undefined ? deps.ids.next("evt") : toEventId(event.id);
  const source = event.source.replaceAll("\0", "").slice(0, 300);
  const { error } = Event.safeParse({ id, type, data, source, at: new Date(now).toISOString() });
  if (error) {
    const errors = error.issues.map((issue) => ({ pointer: `/${issue.path.join("/")}`, message: issue.message }));
    throw fail("invalid_input", { errors });
  }
  const json = JSON.stringify(data);
  if (Buffer.byteLength(json) > DATA_MAX_BYTES) throw fail("payload_too_large", { limit: "256 KB" });
  const run = /\brun_[0-9A-Za-z_-]+/.exec(source)?.[0] ?? null;
  return { id, type, data: json, source, run, at: new Date(now) };
}

/** Senders have ids of their own, and a place in a run may be long or hold brackets: equal ids stay equal. */
function toEventId(id: string): string {
  const prefixed = id.startsWith("evt_") ? id : `evt_${id}`;
  if (EventId.safeParse(prefixed).success) return prefixed;
  return `evt_${createHash("sha256").update(id).digest("hex").slice(0, 40)}`;
}
