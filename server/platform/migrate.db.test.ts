import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder, testDatabase } from "#testing";
import { migrate, readMigrations } from "./migrate.ts";

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder("migrations");
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql);
  return folder;
}

test("migrations run in order, once", async () => {
  const { url, pool } = await testDatabase({ empty: true });
  const folder = await folderOf({
    "0002_second.sql": "insert into log values ('second');",
    "0001_first.sql": "create table log (entry text); insert into log values ('first');",
  });
  deepEqual(await migrate(url, folder), ["0001_first.sql", "0002_second.sql"]);
  deepEqual(await migrate(url, folder), []);
  deepEqual((await pool.query("select entry from log")).rows, [{ entry: "first" }, { entry: "second" }]);
});

test("of a migration that fails nothing stays, and what ran before it does", async () => {
  const { url, pool } = await testDatabase({ empty: true });
  const folder = await folderOf({
    "0001_good.sql": "create table good ();",
    "0002_bad.sql": "create table half (); select 1 / 0;",
  });
  await rejects(migrate(url, folder), /0002_bad\.sql failed: division by zero/);
  deepEqual((await pool.query("select to_regclass('good') is not null as good, to_regclass('half') as half")).rows, [
    { good: true, half: null },
  ]);
});

test("an applied migration that was changed is an error, and so is one that is gone", async () => {
  const { url } = await testDatabase({ empty: true });
  const folder = await folderOf({ "0001_first.sql": "select 1;" });
  await migrate(url, folder);
  await writeFile(join(folder, "0001_first.sql"), "select 2;");
  await rejects(migrate(url, folder), /0001_first\.sql was changed after it ran/);
  await rejects(migrate(url, await folderOf({})), /migrated by 0001_first\.sql, which this version does not have/);
});

test("two migrations with one number, and a name without one, are errors", async () => {
  await rejects(readMigrations(await folderOf({ "0001_a.sql": "", "0001_b.sql": "" })), /have the number 1/);
  await rejects(readMigrations(await folderOf({ "one.sql": "" })), /"one\.sql" is no name for a migration/);
});

test("processes that migrate at once run each file once", async () => {
  const { url, pool } = await testDatabase({ empty: true });
  const folder = await folderOf({
    "0001_table.sql": "create table log (entry text);",
    "0002_slow.sql": "select pg_sleep(0.05); insert into log values ('once');",
  });
  const results = await Promise.all(Array.from({ length: 6 }, () => migrate(url, folder)));
  equal(results.flat().length, 2);
  equal((await pool.query("select from log")).rowCount, 1);
});

test("the application sees and writes rows of its company only, whatever the statement says", async () => {
  const { database, pool } = await testDatabase();
  await pool.query(`
    create table notes (company_id text not null default current_setting('regent.company'), words text);
    select protect_table('notes');
    insert into notes values ('main', 'ours'), ('other', 'theirs')`);
  deepEqual((await database.query("select words from notes")).rows, [{ words: "ours" }]);
  equal((await database.query("update notes set words = 'x' where company_id = 'other'")).rowCount, 0);
  equal((await database.query("delete from notes where company_id = 'other'")).rowCount, 0);
  await rejects(database.query("insert into notes values ('other', 'forged')"), /row-level security/);
  await rejects(database.query("update notes set company_id = 'other'"), /row-level security/);
  await database.query("insert into notes (words) values ('more')");
  equal((await database.query("select from notes")).rowCount, 2);
});

test("without a company in the connection no row is seen", async () => {
  const { database, pool } = await testDatabase();
  await pool.query(`
    create table notes (company_id text not null default current_setting('regent.company'));
    select protect_table('notes');
    insert into notes default values`);
  await database.transaction(async (tx) => {
    await tx.query("set local regent.company = ''");
    equal((await tx.query("select from notes")).rowCount, 0);
  });
  equal((await database.query("select from notes")).rowCount, 1);
});

test("a table without company_id cannot be protected", async () => {
  const { pool } = await testDatabase();
  await rejects(pool.query("create table loose (id int); select protect_table('loose')"), (error: Error) => {
    match(error.message, /The table loose needs a column "company_id text not null"/);
    return true;
  });
});
