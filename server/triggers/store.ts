import type { JsonObject } from "@regent/contract";
import type { Queryable } from "#platform";

export interface StoredEvent {
  id: string;
  seq: string;
  type: string;
  data: JsonObject;
  source: string;
  at: Date;
  hops: number;
}

const EVENT = "id, seq, type, data, source, at, hops";

export interface NewEventRow {
  id: string;
  type: string;
  data: string;
  source: string;
  /** The run that it comes from. */
  run: string | null;
  at: Date;
  claimedUntil: Date | null;
}

/**
 * Undefined: an event of this id was recorded before. An event that comes from a run which an event has started is
 * one hop further than that event.
 */
export async function insertEvent(db: Queryable, event: NewEventRow): Promise<StoredEvent | undefined> {
  const { rows } = await db.query<StoredEvent>(
    `insert into event (id, type, data, source, at, claimed_until, hops)
     values ($1, $2, $3, $4, $5, $6, coalesce(
       (select max(e.hops) + 1
        from event_start s
        join event e on e.company_id = s.company_id and e.id = s.event_id
        where s.run_id = $7), 0))
     on conflict (company_id, id) do nothing
     returning ${EVENT}`,
    [event.id, event.type, event.data, event.source, event.at, event.claimedUntil, event.run],
  );
  return rows[0];
}

/** Tells whoever streams changes; arrives when the transaction commits. */
export async function notifyEvent(db: Queryable, event: { id: string; type: string }): Promise<void> {
  await db.query("select pg_notify('regent_changes', $1)", [
    JSON.stringify({ topic: "events", id: event.id, data: { id: event.id, type: event.type } }),
  ]);
}

export async function findEvent(db: Queryable, id: string): Promise<StoredEvent | undefined> {
  const { rows } = await db.query<StoredEvent>(`select ${EVENT} from event where id = $1`, [id]);
  return rows[0];
}

/** Uses event_by_seq or event_by_type: a prepared plan can, because only the conditions asked for stand in the text. */
export async function selectEvents(
  db: Queryable,
  page: { type: string | null; before: string | null; limit: number },
): Promise<StoredEvent[]> {
  const values: unknown[] = [page.limit];
  const where: string[] = [];
  if (page.type !== null) where.push(`type = $${values.push(page.type)}`);
  if (page.before !== null) where.push(`seq < $${values.push(page.before)}::bigint`);
  const { rows } = await db.query<StoredEvent>(
    `select ${EVENT}
     from event
     ${where.length > 0 ? `where ${where.join(" and ")}` : ""}
     order by seq desc
     limit $1`,
    values,
  );
  return rows;
}

/** Uses event_by_type. */
export async function selectPastEvents(
  db: Queryable,
  filter: { type: string; since: Date; after: string | null; limit: number },
): Promise<StoredEvent[]> {
  const { rows } = await db.query<StoredEvent>(
    `select ${EVENT}
     from event
     where type = $1
       and at >= $2
       and ($3::text is null or seq > (select seq from event where id = $3))
     order by seq
     limit $4`,
    [filter.type, filter.since, filter.after, filter.limit],
  );
  return rows;
}

/**
 * Takes events that wait to be told, oldest first, until the moment given. A claim that lies even further ahead was
 * made by a clock that was wrong. Many workers do this at once: `skip locked` gives each its own. Uses event_pending.
 */
export async function claimPendingEvents(
  db: Queryable,
  claim: { now: Date; until: Date; limit: number },
): Promise<StoredEvent[]> {
  const { rows } = await db.query<StoredEvent>(
    `update event
     set claimed_until = $2
     where id in (
       select id
       from event
       where pending
         and (claimed_until is null or claimed_until <= $1 or claimed_until > $2)
       order by seq
       limit $3
       for update skip locked)
     returning ${EVENT}`,
    [claim.now, claim.until, claim.limit],
  );
  return rows.sort((a, b) => Number(BigInt(a.seq) - BigInt(b.seq)));
}

/** False: another worker told it meanwhile. */
export async function markTold(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update event
     set pending = false, claimed_until = null
     where id = $1
       and pending`,
    [id],
  );
  return rowCount === 1;
}

export async function countAttempt(db: Queryable, id: string): Promise<number> {
  const { rows } = await db.query<{ attempts: number }>(
    `update event
     set attempts = attempts + 1
     where id = $1
     returning attempts`,
    [id],
  );
  return rows[0]?.attempts ?? 0;
}

export async function deleteEventsBefore(db: Queryable, before: Date): Promise<number> {
  const { rowCount } = await db.query(
    `delete from event
     where at < $1
       and not pending`,
    [before],
  );
  return rowCount;
}

export async function insertStart(db: Queryable, start: { event: string; daemon: string; run: string }): Promise<void> {
  await db.query(
    `insert into event_start (event_id, daemon, run_id)
     values ($1, $2, $3)
     on conflict (company_id, event_id, daemon) do nothing`,
    [start.event, start.daemon, start.run],
  );
}

export async function deleteStart(db: Queryable, start: { event: string; daemon: string }): Promise<void> {
  await db.query(
    `delete from event_start
     where event_id = $1
       and daemon = $2`,
    [start.event, start.daemon],
  );
}

export interface Subscription {
  run: string;
  topic: string;
  type: string;
}

export async function insertSubscription(db: Queryable, subscription: Subscription): Promise<void> {
  await db.query(
    `insert into event_subscription (run_id, topic, type)
     values ($1, $2, $3)
     on conflict (company_id, run_id, topic, type) do nothing`,
    [subscription.run, subscription.topic, subscription.type],
  );
}

export async function deleteSubscriptions(db: Queryable, run: string): Promise<void> {
  await db.query("delete from event_subscription where run_id = $1", [run]);
}

/** Uses event_subscription_by_type. */
export async function selectSubscriptions(db: Queryable, type: string): Promise<Subscription[]> {
  const { rows } = await db.query<Subscription>(
    `select run_id as run, topic, type
     from event_subscription
     where type = $1`,
    [type],
  );
  return rows;
}

export interface NewProblem {
  at: Date;
  daemon: string;
  event: string | null;
  tick: Date | null;
  code: string;
  message: string;
}

/** Keeps the newest thousand. */
export async function insertProblem(db: Queryable, problem: NewProblem): Promise<void> {
  const { rows } = await db.query<{ id: string }>(
    `insert into trigger_problem (at, daemon, event_id, tick_at, code, message)
     values ($1, $2, $3, $4, $5, $6)
     returning id`,
    [problem.at, problem.daemon, problem.event, problem.tick, problem.code, problem.message],
  );
  await db.query("delete from trigger_problem where id <= $1::bigint - 1000", [rows[0]!.id]);
}

export interface StoredProblem {
  at: Date;
  daemon: string;
  event_id: string | null;
  tick_at: Date | null;
  code: string;
  message: string;
}

export async function selectProblems(db: Queryable, limit: number): Promise<StoredProblem[]> {
  const { rows } = await db.query<StoredProblem>(
    `select at, daemon, event_id, tick_at, code, message
     from trigger_problem
     order by id desc
     limit $1`,
    [limit],
  );
  return rows;
}

export interface StoredSchedule {
  id: string;
  done_until: Date;
  next_at: Date | null;
}

export async function selectSchedules(db: Queryable): Promise<StoredSchedule[]> {
  const { rows } = await db.query<StoredSchedule>("select id, done_until, next_at from schedule");
  return rows;
}

export async function insertSchedule(
  db: Queryable,
  schedule: { id: string; daemon: string; cron: string; timezone: string; doneUntil: Date; nextAt: Date | null },
): Promise<void> {
  await db.query(
    `insert into schedule (id, daemon, cron, timezone, done_until, next_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (company_id, id) do nothing`,
    [schedule.id, schedule.daemon, schedule.cron, schedule.timezone, schedule.doneUntil, schedule.nextAt],
  );
}

export async function deleteSchedulesExcept(db: Queryable, ids: string[]): Promise<void> {
  await db.query("delete from schedule where not (id = any($1::text[]))", [ids]);
}

/** Due, or done further than the moment `ahead`: a clock that was wrong. Uses schedule_by_next for the first. */
export async function selectDueSchedules(db: Queryable, now: Date, ahead: Date): Promise<StoredSchedule[]> {
  const { rows } = await db.query<StoredSchedule>(
    `select id, done_until, next_at
     from schedule
     where next_at <= $1
        or done_until > $2
     order by next_at
     limit 500`,
    [now, ahead],
  );
  return rows;
}

/** False: another worker was here first. */
export async function advanceSchedule(
  db: Queryable,
  id: string,
  step: { from: Date; doneUntil: Date; nextAt: Date | null },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update schedule
     set done_until = $3, next_at = $4
     where id = $1
       and done_until = $2`,
    [id, step.from, step.doneUntil, step.nextAt],
  );
  return rowCount === 1;
}
