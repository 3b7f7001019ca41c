import type { Queryable } from "#platform";

export interface Claim {
  key: string;
  request: string;
  seed: string;
  holder: string;
  now: Date;
  heldUntil: Date;
}

export interface IdempotencyRow {
  request: string;
  seed: string;
  holder: string;
  held_until: Date;
  status: number | null;
  body: string | null;
}

/** True when the key was free and is ours now. */
export async function insertClaim(db: Queryable, claim: Claim): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into idempotency (key, request, seed, holder, held_until, created_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing`,
    [claim.key, claim.request, claim.seed, claim.holder, claim.heldUntil, claim.now],
  );
  return rowCount === 1;
}

export async function findClaim(db: Queryable, key: string): Promise<IdempotencyRow | undefined> {
  const { rows } = await db.query<IdempotencyRow>(
    `select request, seed, holder, held_until, status, body
     from idempotency
     where key = $1`,
    [key],
  );
  return rows[0];
}

/** True when its holder let the time pass and it is ours now. */
export async function takeOverClaim(db: Queryable, claim: Claim): Promise<boolean> {
  const { rowCount } = await db.query(
    `update idempotency
     set holder = $2, held_until = $3
     where key = $1
       and status is null
       and held_until < $4`,
    [claim.key, claim.holder, claim.heldUntil, claim.now],
  );
  return rowCount === 1;
}

export async function extendClaim(db: Queryable, key: string, holder: string, heldUntil: Date): Promise<void> {
  await db.query(
    `update idempotency
     set held_until = $3
     where key = $1
       and holder = $2
       and status is null`,
    [key, holder, heldUntil],
  );
}

export async function updateAnswer(
  db: Queryable,
  key: string,
  holder: string,
  answer: { status: number; body: string },
): Promise<void> {
  await db.query(
    `update idempotency
     set status = $3, body = $4
     where key = $1
       and holder = $2`,
    [key, holder, answer.status, answer.body],
  );
}

/** The work may or may not have been done: whoever asks again does it at once, with the same seed. */
export async function releaseClaim(db: Queryable, key: string, holder: string): Promise<void> {
  await db.query(
    `update idempotency
     set held_until = 'epoch'
     where key = $1
       and holder = $2
       and status is null`,
    [key, holder],
  );
}

/** By idempotency_by_age. */
export async function deleteOldClaims(db: Queryable, before: Date): Promise<number> {
  const { rowCount } = await db.query(`delete from idempotency where created_at < $1`, [before]);
  return rowCount;
}
