import pg from "pg";
import { isLostConnection } from "../lost-connection.ts";
import { checkServer } from "./check-server.ts";
import { toPublicUrl } from "./connection-url.ts";
import type { Postgres } from "./start-postgres.ts";

/**
 * An outside server by `DATABASE_URL`. One that is just starting is waited for, and `onWait` is told so once.
 * @throws Error  unreachable for `waitMs`, wrong password, too old, or set to lose commits
 */
export async function connectPostgres(
  url: string,
  { waitMs = 30_000, onWait = () => {} }: { waitMs?: number; onWait?: (sentence: string) => void } = {},
): Promise<Postgres> {
  let isTold = false;
  const deadline = performance.now() + waitMs;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      await checkServer(client);
      return { kind: "outside", url, pids: () => [], stop: async () => {} };
    } catch (error) {
      if (error instanceof pg.DatabaseError && !isLostConnection(error))
        throw new Error(`The database at ${toPublicUrl(url)} refuses: ${error.message}`, { cause: error });
      if (!isLostConnection(error)) throw error;
      if (performance.now() > deadline) {
        throw new Error(`No database answers at ${toPublicUrl(url)}: ${reasonOf(error)}`, { cause: error });
      }
      if (!isTold) onWait(`No database answers yet at ${toPublicUrl(url)}: waiting up to ${waitMs / 1_000} s for it.`);
      isTold = true;
      await new Promise((resolve) => setTimeout(resolve, 250));
    } finally {
      await client.end().catch(() => {});
    }
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof AggregateError
    ? error.errors.map(reasonOf).join("; ")
    : error instanceof Error
      ? error.message
      : String(error);
