import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { digestOfBytes } from "./digest.ts";
import { withoutTimeouts } from "./postgres/connection-url.ts";

export interface Migration {
  number: number;
  name: string;
  sql: string;
  digest: string;
}

export const MIGRATIONS = fileURLToPath(new URL("../../db/migrations", import.meta.url));

/** One key for every Regent, so that two processes never migrate one database at the same time. */
const LOCK = 4_700_001;

/**
 * Runs what is new in `folder`, forward only, each file in a transaction of its own, one process at a time.
 * Running it again does nothing.
 *
 * @returns the names that ran now
 * @throws Error  an applied file was changed or is gone, two files share a number, or a file fails (nothing of it stays)
 */
export async function migrate(url: string, folder = MIGRATIONS): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const client = new pg.Client({ connectionString: withoutTimeouts(url) });
  client.on("error", () => {}); // A lost connection fails the statement that waits; that one is reported.
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    await client.query(`
      create schema if not exists platform;
      create table if not exists platform.migrations (
        number integer primary key,
        name text not null,
        digest text not null,
        applied_at timestamptz not null default now()
      )`);
    const applied = await client.query("select number, name, digest from platform.migrations order by number");
    const pending = toPending(migrations, applied.rows);
    for (const migration of pending) await apply(client, migration);
    return pending.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}

export async function readMigrations(folder = MIGRATIONS): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  const migrations: Migration[] = [];
  for (const name of names) {
    const number = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) throw new Error(`"${name}" is no name for a migration. Expected: 0001_some_words.sql.`);
    if (migrations.some((other) => other.number === number)) {
      throw new Error(`Two migrations have the number ${number}. Give "${name}" the next free one.`);
    }
    const sql = await readFile(join(folder, name), "utf8");
    migrations.push({ number, name, sql, digest: digestOfBytes(sql) });
  }
  return migrations;
}

type Applied = Omit<Migration, "sql">;

function toPending(migrations: Migration[], applied: Applied[]): Migration[] {
  for (const row of applied) {
    const file = migrations.find((migration) => migration.number === row.number);
    if (!file) {
      throw new Error(`The database was migrated by ${row.name}, which this version does not have. Is it older?`);
    }
    if (file.digest !== row.digest) {
      throw new Error(`${file.name} was changed after it ran here. Write a new migration instead of editing it.`);
    }
  }
  return migrations.filter((migration) => !applied.some((row) => row.number === migration.number));
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query("begin");
    await client.query(migration.sql);
    await client.query("insert into platform.migrations (number, name, digest) values ($1, $2, $3)", [
      migration.number,
      migration.name,
      migration.digest,
    ]);
    await client.query("commit");
  } catch (cause) {
    await client.query("rollback").catch(() => {});
    throw new Error(`${migration.name} failed: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
