import pg from "pg";
import { findTestServer, testServer } from "./server.ts";

/** `node --test --test-global-setup=./tests/support/global-setup.ts` */
export async function globalSetup(): Promise<void> {
  await testServer();
}

/** Stops the server now, unless another run of this checkout still uses it; then its idle watch does. */
export async function globalTeardown(): Promise<void> {
  const server = await findTestServer();
  if (!server) return;
  const client = new pg.Client({ connectionString: server.url });
  client.on("error", () => {});
  await client.connect();
  const { rowCount } = await client.query(
    `select from pg_stat_activity
     where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name not like 'regent pid %'`,
  );
  await client.end();
  if (!rowCount) process.kill(server.keeper, "SIGTERM");
}
