import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after } from "node:test";
import pg from "pg";
import {
  createDatabase,
  createOwnerPool,
  type Database,
  migrate,
  readMigrations,
  silentLog,
  withDatabase,
} from "#platform";
import { testServer } from "./server.ts";

export interface TestDatabase {
  /** As the application sees it: row security, the company `main`. */
  database: Database;
  /** The owner's connection string, for the engine or another process. Holds a password: not into test output. */
  url: string;
  /** The owner's pool. */
  pool: pg.Pool;
  /** Ends both pools and drops the database. Called by itself after the test file. */
  close(): Promise<void>;
}

export interface TestDatabaseOptions {
  company?: string;
  /** More than the migrations, done once and then cloned: such as the engine's own tables. `key` names its version. */
  prepare?: { key: string; run(url: string): Promise<void> };
  /** Without migrations, for tests of the migrations. */
  empty?: boolean;
}

/** A real PostgreSQL database of its own, with all migrations: a clone of a template, in less than 100 ms. */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  // Said before the first `await`: the runner finds the test that a hook belongs to only then.
  let opened: TestDatabase | undefined;
  after(() => opened?.close());
  opened = await openTestDatabase(options);
  return opened;
}

/** The same outside a test. Whoever opens it closes it. */
export async function openTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { serverUrl, admin } = await connectOnce();
  const template = options.empty ? "template0" : await ensureTemplate(serverUrl, options.prepare);
  const name = `test_${process.pid}_${randomBytes(6).toString("hex")}`;
  await admin.query(`create database ${name} template ${template}`);

  const url = withDatabase(serverUrl, name);
  const pool = createOwnerPool({ url, max: 20, log: silentLog, mayExit: true });
  const database = createDatabase({
    url,
    max: 10,
    company: options.company ?? "main",
    ...(options.empty ? {} : { role: "regent_app" }),
    log: silentLog,
    mayExit: true,
  });
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= drop());
  return { database, url, pool, close };

  async function drop(): Promise<void> {
    await Promise.all([database.close(), pool.ended || pool.ending ? undefined : pool.end()]);
    await admin.query(`drop database if exists ${name} with (force)`);
  }
}

let connected: Promise<{ serverUrl: string; admin: pg.Pool }> | undefined;

/** One connection stays open for the life of the process: while it is there, the server does not stop. */
function connectOnce() {
  connected ??= (async () => {
    const { url } = await testServer();
    const admin = new pg.Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true });
    admin.on("error", () => {
      connected = undefined;
    });
    await admin.query("select 1");
    return { serverUrl: url, admin };
  })();
  connected.catch(() => {
    connected = undefined;
  });
  return connected;
}

const templates = new Map<string, Promise<string>>();

function ensureTemplate(serverUrl: string, prepare: TestDatabaseOptions["prepare"]): Promise<string> {
  const key = `${serverUrl} ${prepare?.key ?? ""}`;
  const template = templates.get(key) ?? makeTemplate(serverUrl, prepare);
  templates.set(key, template);
  template.catch(() => templates.delete(key));
  return template;
}

/** Named by what is in it, so that test processes and checkouts with other migrations never meet. */
async function makeTemplate(serverUrl: string, prepare: TestDatabaseOptions["prepare"]): Promise<string> {
  const migrations = (await readMigrations()).map((migration) => `${migration.name} ${migration.digest}`);
  const runner = await readFile(new URL("../../server/platform/migrate.ts", import.meta.url), "utf8");
  const content = [runner, ...migrations, prepare?.key ?? ""].join("\n");
  const name = `template_${createHash("sha256").update(content).digest("hex").slice(0, 16)}`;
  await withClient(serverUrl, async (client) => {
    if (await isTemplate(client, name)) return;
    await client.query("select pg_advisory_lock(hashtext($1))", [name]);
    if (await isTemplate(client, name)) return;
    await client.query(`drop database if exists ${name} with (force)`);
    await client.query(`create database ${name} template template0`);
    const url = withDatabase(serverUrl, name);
    await migrate(url);
    await prepare?.run(url);
    // Said last: a template that is marked is whole.
    await client.query(`alter database ${name} is_template true`);
  });
  return name;
}

async function isTemplate(client: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query("select from pg_database where datname = $1 and datistemplate", [name]);
  return rowCount === 1;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
