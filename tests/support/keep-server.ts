/**
 * Keeps the PostgreSQL that the tests share: starts it, drops what killed tests left behind, and stops and removes it
 * when nobody has been connected for a while. A process of its own, because no test process lives long enough.
 *
 *     node tests/support/keep-server.ts FOLDER [IDLE_MS]
 */
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { createLog, startPostgres, withDatabase } from "#platform";

const [folder = "", idleMs = "60000"] = process.argv.slice(2);
const IDLE_MS_MAX = Number(idleMs);
const SWEEP_MS = Math.min(5_000, IDLE_MS_MAX / 4);

const log = createLog({ level: "info" });
const flags = { max_connections: 400, max_wal_size: "256MB", autovacuum_naptime: "1h" };
const postgres = await startPostgres({ folder: join(folder, "data"), log, flags });
const url = withDatabase(postgres.url, "postgres");

const address = join(folder, "server.json");
await announce();

let idleSince = Date.now();
let stopping = false;
const timer = setInterval(() => sweep().catch(giveUpInTime), SWEEP_MS);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stopUnlessUsed());

async function announce(): Promise<void> {
  const draft = `${address}.${process.pid}`;
  await writeFile(draft, JSON.stringify({ url, keeper: process.pid }), { mode: 0o600 });
  await rename(draft, address);
}

async function sweep(): Promise<void> {
  const isUsed = await withClient(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select datname as name from pg_database where datname ~ '^test_[0-9]+_'`,
    );
    for (const { name } of rows) {
      if (!isAlive(Number(name.split("_")[1]))) await client.query(`drop database if exists "${name}" with (force)`);
    }
    return hasUsers(client);
  });
  if (isUsed) idleSince = Date.now();
  else if (Date.now() - idleSince > IDLE_MS_MAX) await stopUnlessUsed();
}

/** A server that does not come back must not be watched for ever. */
async function giveUpInTime(error: unknown): Promise<void> {
  log.warn(String(error));
  if (Date.now() - idleSince > IDLE_MS_MAX) await stopUnlessUsed();
}

/** Whoever read the address a moment ago has connected by the second look. */
async function stopUnlessUsed(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await rm(address, { force: true });
  await new Promise((resolve) => setTimeout(resolve, 300));
  if (await withClient(hasUsers).catch(() => false)) {
    await announce();
    idleSince = Date.now();
    stopping = false;
    return;
  }
  clearInterval(timer);
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
}

async function hasUsers(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_stat_activity
     where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name not like 'regent pid %'`,
  );
  return (rowCount ?? 0) > 0;
}

async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
