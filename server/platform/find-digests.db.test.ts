import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { DBOS } from "@dbos-inc/dbos-sdk";
import { testDatabase } from "#testing";
import type { Digest } from "./blobs.ts";
import { findDigests } from "./find-digests.ts";

const { database, pool } = await testDatabase({ prepare: { key: "dbos-5.3.0", run: (url) => DBOS.migrate(url) } });
await pool.query("grant usage on schema dbos to regent_app");
await pool.query("grant select on all tables in schema dbos to regent_app");
const digest = (n: number): Digest => `sha256:${String(n).padStart(64, "0")}`;

test("digests are found wherever they stand, each once", async () => {
  equal((await findDigests(database)).size, 0);
  await pool.query("create table public.odd_place (a text, b jsonb, c int)");
  await pool.query("grant select on public.odd_place to regent_app");
  await pool.query("insert into public.odd_place values ($1, $2, 1), (null, null, 2)", [
    `two: ${digest(1)},${digest(2)}`,
    JSON.stringify({ deep: [{ tree: digest(3), again: digest(1) }] }),
  ]);
  deepEqual([...(await findDigests(database))].sort(), [digest(1), digest(2), digest(3)]);
});

/** What cannot be read could name a blob: the sweep must not go on without it. */
test("a table that cannot be read ends the search", async () => {
  await pool.query("create table public.closed (a text)");
  await pool.query("revoke all on public.closed from regent_app");
  const failed = await findDigests(database).then(
    () => false,
    () => true,
  );
  equal(failed, true);
});
