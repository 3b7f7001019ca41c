import type pg from "pg";

/**
 * Leases live beside the engine's tables and belong to no company: a worker serves all of them. The table is made here
 * and not in a migration because the engine's schema is the engine's own.
 */
export function createLeaseStore(pool: pg.Pool) {
  return {
    async create(): Promise<void> {
      await pool.query("create schema if not exists dbos");
      await pool.query(`
        create table if not exists dbos.executor_lease (
          executor_id text primary key,
          expires_at timestamptz not null,
          claimed_until timestamptz
        )`);
    },
    async renew(executor: string, leaseMs: number): Promise<void> {
      await pool.query(
        `insert into dbos.executor_lease (executor_id, expires_at)
         values ($1, now() + $2 * interval '1 ms')
         on conflict (executor_id) do update
         set expires_at = excluded.expires_at, claimed_until = null`,
        [executor, leaseMs],
      );
    },
    async expire(executor: string): Promise<void> {
      await pool.query("update dbos.executor_lease set expires_at = now() where executor_id = $1", [executor]);
    },
    async expireOthers(executor: string): Promise<void> {
      await pool.query(
        "update dbos.executor_lease set expires_at = now(), claimed_until = null where executor_id <> $1",
        [executor],
      );
    },
    /** Gives workers that have runs but no lease one that has run out. */
    async findOrphans(): Promise<void> {
      await pool.query(
        `insert into dbos.executor_lease (executor_id, expires_at)
         select distinct executor_id, now()
         from dbos.workflow_status
         where status = 'PENDING'
         and executor_id is not null
         on conflict (executor_id) do nothing`,
      );
    },
    /** Leases that ran out. Each is given to one claimant for as long as a lease holds: a claimant may die as well. */
    async claimDead(executor: string, leaseMs: number): Promise<string[]> {
      const { rows } = await pool.query<{ executor_id: string }>(
        `update dbos.executor_lease
         set claimed_until = now() + $2 * interval '1 ms'
         where expires_at <= now()
         and executor_id <> $1
         and (claimed_until is null or claimed_until < now())
         returning executor_id`,
        [executor, leaseMs],
      );
      return rows.map((row) => row.executor_id);
    },
    async runsOf(executor: string, limit: number): Promise<string[]> {
      const { rows } = await pool.query<{ workflow_uuid: string }>(
        `select workflow_uuid
         from dbos.workflow_status
         where status = 'PENDING'
         and executor_id = $1
         limit $2`,
        [executor, limit],
      );
      return rows.map((row) => row.workflow_uuid);
    },
    /** Sends the engine's own notification again for messages that lie there unread; by its index on run and topic. */
    async notifyAgain(waits: string[]): Promise<number> {
      const { rowCount } = await pool.query(
        `select pg_notify('dbos_notifications_channel', wait)
         from unnest($1::text[]) as wait
         where exists (
           select
           from dbos.notifications
           where destination_uuid = split_part(wait, '::', 1)
           and topic = substr(wait, strpos(wait, '::') + 2)
           and not consumed
         )`,
        [waits],
      );
      return rowCount ?? 0;
    },
    async remove(executor: string): Promise<void> {
      await pool.query("delete from dbos.executor_lease where executor_id = $1 and expires_at <= now()", [executor]);
    },
  };
}

/** The application role writes messages and starts of runs into its own transactions, and owns nothing of it. */
export async function allowMessages(pool: pg.Pool, role: string): Promise<void> {
  const name = quoted(role);
  await pool.query(`grant usage on schema dbos to ${name}`);
  await pool.query(`grant select, insert, update on all tables in schema dbos to ${name}`);
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export type LeaseStore = ReturnType<typeof createLeaseStore>;
