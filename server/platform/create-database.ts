import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "@regent/contract";
import type pg from "pg";
import type { Database, Rows, Transaction } from "./database.ts";
import { createListener } from "./listen.ts";
import { isLostConnection, isShortOfResources } from "./lost-connection.ts";
import { createPool, type PoolOptions } from "./pool.ts";

export interface DatabaseOptions extends Omit<PoolOptions, "name"> {
  /** How long a statement that is safe to repeat waits for a server that is away. Default 5 s. */
  waitMs?: number;
}

/**
 * The application's way to PostgreSQL.
 *
 * While the server is away, what cannot have happened yet waits and is tried again for `waitMs`: getting a
 * connection, `begin`, a lone `select`, and a lone statement that failed because the disk is full. Anything else that
 * loses its connection fails at once with `database_unavailable` and is not repeated, because it may have happened:
 * a COMMIT whose answer was lost counts as unknown, and whoever repeats it needs a key.
 *
 * @throws database_unavailable  with `outcome: "nothing" | "unknown"` in the detail
 */
export function createDatabase(options: DatabaseOptions): Database {
  const settings = { statement_timeout: STATEMENT_MS_MAX, ...options.settings };
  const pool = createPool({ ...options, name: "regent application", settings });
  const listener = createListener({ url: options.url, log: options.log });
  const waitMs = options.waitMs ?? 5_000;

  return {
    async query<Row>(sql: string, values?: readonly unknown[]) {
      const deadline = performance.now() + waitMs;
      for (;;) {
        const client = await connect(pool, deadline);
        try {
          const rows = await send<Row>(client, sql, values);
          client.release();
          return rows;
        } catch (error) {
          client.release(isSpent(error));
          if (isStalePlan(error)) continue;
          const isUndone = isShortOfResources(error) || (isLostConnection(error) && isRead(sql));
          if (!isUndone && !isLostConnection(error)) throw error;
          if (!isUndone || performance.now() >= deadline) throw unavailable(error, isUndone ? "nothing" : "unknown");
          await sleep(RETRY_MS);
        }
      }
    },

    async transaction<T>(work: (tx: Transaction) => Promise<T>) {
      const client = await begin(pool, performance.now() + waitMs);
      const tx: Transaction = { client, query: (sql, values) => send(client, sql, values) };
      let committing = false;
      try {
        const result = await work(tx);
        committing = true;
        const ended = await client.query("commit");
        // PostgreSQL answers COMMIT of a transaction that failed before with ROLLBACK, and no error.
        if (ended.command !== "COMMIT")
          throw fail("internal", { reason: "the transaction had failed before its commit" });
        client.release();
        return result;
      } catch (error) {
        // Asked instead of guessed from the error: the work may have lost a connection of its own to somebody else.
        const isAlive = await client.query(ROLLBACK).then(
          () => true,
          () => false,
        );
        client.release(!isAlive || isSpent(error));
        if (isShortOfResources(error)) throw unavailable(error, "nothing");
        if (!isAlive && isLostConnection(error)) throw unavailable(error, committing ? "unknown" : "nothing");
        throw error;
      }
    },

    listen: listener.listen,

    async close() {
      await Promise.all([listener.close(), pool.ending ? undefined : pool.end()]);
    },
  };
}

/** No statement of ours takes so long unless it waits for a lock that nobody gives back. */
const STATEMENT_MS_MAX = 60_000;

const ROLLBACK = { text: "rollback", query_timeout: 5_000 };

async function send<Row>(
  client: Pick<pg.ClientBase, "query">,
  sql: string,
  values?: readonly unknown[],
): Promise<Rows<Row>> {
  const result = await client.query(sql, values as unknown[] | undefined);
  return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0 };
}

const RETRY_MS = 100;

/** Waits for a connection; nothing has been sent, so trying again is safe whatever comes after. */
async function connect(pool: pg.Pool, deadline: number): Promise<pg.PoolClient> {
  for (let waitMs = 25; ; waitMs = Math.min(waitMs * 2, 500)) {
    try {
      return await pool.connect();
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      if (performance.now() + waitMs > deadline) throw unavailable(error, "nothing");
      await sleep(waitMs);
    }
  }
}

/** An idle connection may be dead without our knowing; `begin` finds out before anything was done. */
async function begin(pool: pg.Pool, deadline: number): Promise<pg.PoolClient> {
  for (;;) {
    const client = await connect(pool, deadline);
    try {
      await client.query("begin");
      return client;
    } catch (error) {
      client.release(true);
      if (!isLostConnection(error)) throw error;
      if (performance.now() >= deadline) throw unavailable(error, "nothing");
    }
  }
}

/** Only what starts with `select`: a `with` may write. Functions that write are called inside a transaction. */
const isRead = (sql: string): boolean => /^\s*select\b/i.test(sql);

/** The connection cannot be used again. */
const isSpent = (error: unknown): boolean => isLostConnection(error) || isStalePlan(error);

/** A statement was prepared here before its table changed: it never ran, and runs on another connection. */
const isStalePlan = (error: unknown): boolean =>
  (error as { code?: string } | null)?.code === "0A000" && /cached plan/.test((error as Error).message);

const unavailable = (cause: unknown, outcome: "nothing" | "unknown") =>
  fail("database_unavailable", { reason: cause instanceof Error ? cause.message : String(cause), outcome }, cause);
