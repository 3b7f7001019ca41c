import type { Json, RunStatus, RunSummary } from "@regent/contract";
import type { Database, Digest, Queryable } from "#platform";

export const CHANNEL = "regent_kernel";

/** All SQL of the kernel but what the engine's driver says to the engine's own tables. */
export function createKernelStore(db: Database) {
  return {
    async write(summaries: RunSummary[]): Promise<void> {
      await db.query(
        `insert into run (id, daemon_id, status, parent, summary, queued_at, ended_at)
         select s->>'id', s->'daemon'->>'id', s->>'status', s->>'parent', s,
                (s->>'queued_at')::timestamptz, (s->>'ended_at')::timestamptz
         from jsonb_array_elements($1::jsonb) as s
         on conflict (company_id, id) do update
         set status = excluded.status, summary = excluded.summary, ended_at = excluded.ended_at
         where run.ended_at is null
         or excluded.ended_at is not null`,
        [JSON.stringify(summaries).replaceAll("\\u0000", "\\ufffd")],
      );
      const ids = summaries.length > 100 ? ["*"] : summaries.map((summary) => summary.id);
      await db.query(
        "select pg_notify('regent_changes', json_build_object('topic', 'runs', 'id', id)::text) from unnest($1::text[]) as id",
        [ids],
      );
    },
    async find(id: string): Promise<RunSummary | undefined> {
      const { rows } = await db.query<{ summary: RunSummary }>("select summary from run where id = $1", [id]);
      return rows[0]?.summary;
    },
    /** Newest first, by `run_newest` or `run_of_daemon`. */
    async list(filter: {
      daemon?: string;
      status?: RunStatus[];
      before?: { at: string; id: string };
      limit: number;
    }): Promise<RunSummary[]> {
      const { rows } = await db.query<{ summary: RunSummary }>(
        `select summary
         from run
         where ($1::text is null or daemon_id = $1)
         and ($2::text[] is null or status = any ($2))
         and ($3::timestamptz is null or (queued_at, id) < ($3, $4))
         order by queued_at desc, id desc
         limit $5`,
        [
          filter.daemon ?? null,
          filter.status ?? null,
          filter.before?.at ?? null,
          filter.before?.id ?? null,
          filter.limit,
        ],
      );
      return rows.map((row) => row.summary);
    },
    async childrenOf(run: string): Promise<string[]> {
      const { rows } = await db.query<{ id: string }>("select id from run where parent = $1 and ended_at is null", [
        run,
      ]);
      return rows.map((row) => row.id);
    },
    async endedBefore(moment: Date, limit: number): Promise<string[]> {
      const { rows } = await db.query<{ id: string }>(
        `select id
         from run
         where ended_at < $1
         order by ended_at
         limit $2`,
        [moment, limit],
      );
      return rows.map((row) => row.id);
    },
    async forget(runs: string[]): Promise<void> {
      await db.transaction(async (tx) => {
        for (const table of ["run_cancellation", "run_pause", "run_place"])
          await tx.query(`delete from ${table} where run_id = any ($1)`, [runs]);
        await tx.query("delete from run where id = any ($1)", [runs]);
      });
    },
    /** Runs whose row says less than the engine's record: their process ended before it could write. At most 500. */
    async behind(since: Date | null): Promise<string[]> {
      const { rows } = await db.query<{ id: string }>(
        `select engine.workflow_uuid as id
         from dbos.workflow_status as engine
         left join run on run.id = engine.workflow_uuid
         where engine.name = 'run'
         and ($1::bigint is null or engine.created_at > $1)
         and (run.id is null or (run.ended_at is null and engine.status in ('SUCCESS', 'ERROR', 'CANCELLED')))
         limit 500`,
        [since === null ? null : since.getTime()],
      );
      return rows.map((row) => row.id);
    },
    async clear(): Promise<void> {
      await db.query("delete from run");
    },
    async recordCancellation(run: string, by: string, reason: string | null, at: Date): Promise<void> {
      await db.query(
        `insert into run_cancellation (run_id, by, reason, at)
         values ($1, $2, $3, $4)
         on conflict do nothing`,
        [run, by, reason, at],
      );
    },
    async tell(word: { cancel: string } | { pause: string } | { resume: string } | { place: string }): Promise<void> {
      await db.query("select pg_notify($1, $2)", [CHANNEL, JSON.stringify(word)]);
    },
    async recentCancellations(since: Date): Promise<string[]> {
      const { rows } = await db.query<{ run_id: string }>("select run_id from run_cancellation where at > $1", [since]);
      return rows.map((row) => row.run_id);
    },
    async pause(run: string, by: string, at: Date): Promise<void> {
      await db.query("insert into run_pause (run_id, by, at) values ($1, $2, $3) on conflict do nothing", [
        run,
        by,
        at,
      ]);
    },
    async resume(run: string): Promise<boolean> {
      return (await db.query("delete from run_pause where run_id = $1", [run])).rowCount > 0;
    },
    async pausedRuns(): Promise<string[]> {
      return (await db.query<{ run_id: string }>("select run_id from run_pause")).rows.map((row) => row.run_id);
    },

    /** Asks for a place. True: the run holds it now. Repeating it is harmless. */
    async requestPlace(run: string, key: string, limit: number, priority: number, at: Date): Promise<boolean> {
      return db.transaction(async (tx) => {
        await lockKey(tx, key);
        await tx.query(
          `insert into run_place (key, run_id, priority, requested_at, held)
           values ($1, $2, $3, $4, false)
           on conflict do nothing`,
          [key, run, priority, at],
        );
        const granted = await grant(tx, key, limit);
        if (granted.includes(run)) return true;
        const { rows } = await tx.query<{ held: boolean }>("select held from run_place where run_id = $1", [run]);
        return rows[0]?.held === true;
      });
    },
    /** Gives the place back and names the runs that hold one now in its stead. */
    async releasePlace(run: string, key: string, limit: number): Promise<string[]> {
      return db.transaction(async (tx) => {
        await lockKey(tx, key);
        await tx.query("delete from run_place where run_id = $1", [run]);
        return grant(tx, key, limit);
      });
    },
    async placeOf(run: string): Promise<{ key: string } | undefined> {
      return (await db.query<{ key: string }>("select key from run_place where run_id = $1", [run])).rows[0];
    },

    async findResult(key: Digest, now: Date): Promise<{ output: Json; tree: Digest | null } | undefined> {
      const { rows } = await db.query<{ output: string; tree: Digest | null }>(
        "select output, tree from stage_result where key = $1 and expires_at > $2",
        [key, now],
      );
      return rows[0] === undefined ? undefined : { output: JSON.parse(rows[0].output) as Json, tree: rows[0].tree };
    },
    async keepResult(key: Digest, result: { output: Json; tree: Digest | null }, expiresAt: Date): Promise<void> {
      await db.query(
        `insert into stage_result (key, output, tree, expires_at)
         values ($1, $2, $3, $4)
         on conflict (company_id, key) do update
         set output = excluded.output, tree = excluded.tree, expires_at = excluded.expires_at`,
        [key, JSON.stringify(result.output), result.tree, expiresAt],
      );
    },
    async forgetResults(now: Date): Promise<void> {
      await db.query("delete from stage_result where expires_at < $1", [now]);
    },
  };
}

export type KernelStore = ReturnType<typeof createKernelStore>;

/** One key is decided by one transaction at a time. */
const lockKey = (tx: Queryable, key: string) =>
  tx.query("select pg_advisory_xact_lock(hashtextextended($1, 4700))", [key]);

/** Fills the free places of a key in the order of priority and request. */
async function grant(tx: Queryable, key: string, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ run_id: string }>(
    `update run_place
     set held = true
     where key = $1
     and run_id in (
       select run_id
       from run_place
       where key = $1
       and not held
       order by priority, requested_at, run_id
       limit greatest(0, $2 - (select count(*) from run_place where key = $1 and held))
     )
     returning run_id`,
    [key, limit],
  );
  return rows.map((row) => row.run_id);
}
