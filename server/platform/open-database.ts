import type pg from "pg";
import { createDatabase } from "./create-database.ts";
import type { Database } from "./database.ts";
import type { Log } from "./log.ts";
import { migrate } from "./migrate.ts";
import { createOwnerPool } from "./pool.ts";
import { connectPostgres } from "./postgres/connect-postgres.ts";
import { type Postgres, startPostgres } from "./postgres/start-postgres.ts";

export interface OpenDatabase {
  dataFolder: string;
  /** Absent: our own PostgreSQL in the data folder. */
  databaseUrl: string | undefined;
  searchPath?: string | undefined;
  log: Log;
  /** Called when another Regent took the data folder while our server was down: this process must end. */
  onLost?(error: Error): void;
}

export interface OpenedDatabase {
  postgres: Postgres;
  /** For the engine, which owns its tables. */
  ownerPool: pg.Pool;
  /** For every store. */
  database: Database;
  /** What the application runs as; absent: the login's own. */
  role: string | undefined;
  /** Ends the pools, then our own server. */
  close(): Promise<void>;
}

/** Connections of one process: 20 + 15, two that listen (the engine's and ours), one that holds the data folder. */
const OWNER_CONNECTIONS = 20;
const APPLICATION_CONNECTIONS = 15;

const COMPANY = "main";

/**
 * PostgreSQL, started or reached, migrated, with a pool for the engine and the application's own way in.
 * @throws DataFolderInUse, Error  each with a sentence for the operator
 */
export async function openDatabase(options: OpenDatabase): Promise<OpenedDatabase> {
  const { log } = options;
  const postgres = await (options.databaseUrl
    ? connectPostgres(options.databaseUrl, { onWait: (sentence) => log.warn(sentence) })
    : startPostgres({ ...options, folder: options.dataFolder }));
  const { url } = postgres;
  try {
    const ran = await migrate(url);
    if (ran.length > 0) log.info({ migrations: ran.length }, "the database was migrated");
    const ownerPool = createOwnerPool({ url, max: OWNER_CONNECTIONS, log });
    const role = await applicationRole(ownerPool, log);
    const database = createDatabase({
      url,
      max: APPLICATION_CONNECTIONS,
      company: COMPANY,
      ...(role ? { role } : {}),
      log,
    });
    return {
      postgres,
      ownerPool,
      database,
      role,
      async close() {
        await Promise.all([database.close(), ownerPool.ending ? undefined : ownerPool.end()]);
        await postgres.stop();
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

const ROLE = "regent_app";

/** The application's own role, where the login may take it on; otherwise row security binds the login, being forced. */
async function applicationRole(pool: pg.Pool, log: Log): Promise<string | undefined> {
  const { rows } = await pool.query<{ usable: boolean; above: boolean; login: string }>(
    `select current_user::text as login, rolsuper or rolbypassrls as above,
       coalesce(
         (select pg_has_role(oid, case when current_setting('server_version_num')::int < 160000 then 'MEMBER' else 'SET' end)
          from pg_roles
          where rolname = $1),
         false
       ) as usable
     from pg_roles
     where rolname = current_user`,
    [ROLE],
  );
  const [found] = rows;
  if (!found || found.usable) return ROLE;
  const consequence = found.above
    ? "and row security does not bind it: companies are kept apart by statements alone"
    : "and row security binds it";
  log.warn(`The login ${found.login} may not use the role ${ROLE}: statements run as ${found.login}, ${consequence}.`);
  return undefined;
}
