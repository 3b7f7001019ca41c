import type { Json } from "@regent/contract";
import type { Database, Queryable } from "#platform";
import type { Call, Held, Hold, Settle } from "./ledger.ts";

export async function findAnswer(db: Queryable, run: string, key: string): Promise<Json | undefined> {
  const { rows } = await db.query<{ answer: Json | null }>(
    `select answer
     from model_calls
     where run = $1 and key = $2 and answer is not null`,
    [run, key],
  );
  return rows[0]?.answer ?? undefined;
}

export async function beginCall(db: Queryable, call: Call, at: number): Promise<void> {
  await db.query(
    `insert into model_calls (run, key, provider, model, begun_at)
     values ($1, $2, $3, $4, $5)
     on conflict (company_id, run, key) do nothing`,
    [call.run, call.key, call.provider, call.model, new Date(at)],
  );
}

/**
 * The hold itself is one conditional update of the run's row: it computes, checks and takes in the same statement,
 * so two that come together are taken one after the other, each on what the other left.
 */
export async function takeHold(db: Database, hold: Hold, at: number): Promise<Held> {
  return await db.transaction(async (tx) => {
    await tx.query(
      `insert into run_budgets (run, limit_nanos)
       values ($1, $2)
       on conflict (company_id, run) do nothing`,
      [hold.run, hold.limitNanos],
    );
    await beginCall(tx, hold, at);
    await chargeLost(tx, hold, at);
    const { rows } = await tx.query<{ taken: string }>(
      `update run_budgets
       set held_nanos = held_nanos + least($3::bigint, limit_nanos - spent_nanos - held_nanos),
           taken_nanos = least($3::bigint, limit_nanos - spent_nanos - held_nanos)
       where run = $1
         and limit_nanos - spent_nanos - held_nanos >= $2::bigint
       returning taken_nanos as taken`,
      [hold.run, hold.least, hold.most],
    );
    if (!rows[0]) return { taken: null, spent: await spentOf(tx, hold.run) };
    const taken = Number(rows[0].taken);
    const { rows: tries } = await tx.query<{ tries: number }>(
      `update model_calls
       set held_nanos = $3, held_until = $4, tries = tries + 1
       where run = $1 and key = $2
       returning tries`,
      [hold.run, hold.key, taken, new Date(at + hold.ttlMs)],
    );
    return { taken, hold: tries[0]?.tries ?? 0 };
  });
}

async function spentOf(db: Queryable, run: string): Promise<number> {
  const { rows } = await db.query<{ spent: string }>(
    `select spent_nanos as spent
     from run_budgets
     where run = $1`,
    [run],
  );
  return Number(rows[0]?.spent ?? 0);
}

/** Holds of this call from an earlier life, and holds of this run whose time is over, become money spent. */
async function chargeLost(db: Queryable, hold: Hold, at: number): Promise<void> {
  await db.query(
    `with found as (
       select key, held_nanos
       from model_calls
       where run = $1
         and held_nanos > 0
         and (key = $2 or held_until < $3)
       order by key
       for update
     ), lost as (
       update model_calls
       set lost_nanos = lost_nanos + found.held_nanos, spent_nanos = spent_nanos + found.held_nanos, held_nanos = 0
       from found
       where model_calls.run = $1 and model_calls.key = found.key and model_calls.held_nanos > 0
       returning found.held_nanos as amount
     )
     update run_budgets
     set held_nanos = held_nanos - total.amount, spent_nanos = spent_nanos + total.amount
     from (select coalesce(sum(amount), 0)::bigint as amount from lost) total
     where run = $1 and total.amount > 0`,
    [hold.run, hold.key, new Date(at)],
  );
}

/**
 * Turns the hold into what was used. A hold that was charged as lost meanwhile, because another process took the call
 * over, stays charged: it was no smaller than this.
 */
export async function settleCall(db: Database, settle: Settle, at: number): Promise<void> {
  const { run, key, used } = settle;
  await db.transaction(async (tx) => {
    const { rows } = await tx.query<{ held: string }>(
      `select held_nanos as held
       from model_calls
       where run = $1 and key = $2 and tries = $3 and held_nanos > 0
       for update`,
      [run, key, settle.hold ?? 0],
    );
    const held = Number(rows[0]?.held ?? 0);
    const nanos = settle.hold === null || rows[0] ? (used.nanos ?? 0) : 0;
    await tx.query(
      `update model_calls
       set held_nanos = case when $3::boolean then 0 else held_nanos end,
           spent_nanos = spent_nanos + $4,
           priced = priced and $5,
           input_tokens = input_tokens + $6,
           cache_read_tokens = cache_read_tokens + $7,
           cache_write_tokens = cache_write_tokens + $8,
           output_tokens = output_tokens + $9,
           settled_at = $10
       where run = $1 and key = $2`,
      [
        ...[run, key, rows[0] !== undefined, nanos, used.nanos !== null],
        ...[used.input, used.cacheRead, used.cacheWrite, used.output, new Date(at)],
      ],
    );
    if (!rows[0]) return;
    await tx.query(
      `update run_budgets
       set held_nanos = held_nanos - $2, spent_nanos = spent_nanos + $3
       where run = $1`,
      [run, held, nanos],
    );
  });
}

export async function recordAnswer(db: Queryable, run: string, key: string, answer: Json, at: number): Promise<void> {
  await db.query(
    `update model_calls
     set answer = $3, settled_at = $4
     where run = $1 and key = $2`,
    [run, key, JSON.stringify(answer), new Date(at)],
  );
}

export async function forgetAnswers(db: Queryable, before: number): Promise<void> {
  await db.query(
    `update model_calls
     set answer = null
     where answer is not null and settled_at < $1`,
    [new Date(before)],
  );
}
