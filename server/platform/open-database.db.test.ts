import { deepEqual, doesNotMatch, equal, match, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { faultProxy, ownServer, temporaryFolder, testDatabase } from "#testing";
import { createLog, silentLog } from "./log.ts";
import { openDatabase } from "./open-database.ts";
import { connectPostgres } from "./postgres/connect-postgres.ts";
import { withDatabase, withSettings } from "./postgres/connection-url.ts";

test("from nothing to a migrated database with both ways in, and again", async () => {
  const dataFolder = await temporaryFolder("open", "memory");
  for (let round = 0; round < 2; round++) {
    const opened = await openDatabase({ dataFolder, databaseUrl: undefined, log: silentLog });
    const who = "select current_user::text as who";
    deepEqual((await opened.database.query(who)).rows, [{ who: "regent_app" }]);
    deepEqual((await opened.ownerPool.query(who)).rows, [{ who: "regent" }]);
    ok(opened.postgres.pids().length > 0);
    await opened.close();
    deepEqual(opened.postgres.pids(), []);
  }
});

test("an outside server is used by the same code and left running", async () => {
  const { url } = await testDatabase({ empty: true });
  const opened = await openDatabase({ dataFolder: "/nowhere", databaseUrl: url, log: silentLog });
  deepEqual((await opened.database.query("select current_user::text as who")).rows, [{ who: "regent_app" }]);
  equal(opened.postgres.kind, "outside");
  await opened.close();
  await (await connectPostgres(url)).stop();
});

/** 15 and 18 differ in what a login that makes a role may do with it. */
test("whatever the login may do, rows of other companies stay hidden, and what is missing is said", async () => {
  const { url, pool } = await testDatabase({ empty: true });
  const tag = `t${process.pid}`;
  await pool.query(
    `create role ${tag}_plain login password 'x'; create role ${tag}_above login bypassrls password 'x'`,
  );
  // The role exists on this server by another login's doing; these two may not take it on.
  const said: string[] = [];
  const log = createLog({ level: "warn", readable: false, write: (line) => said.push(JSON.parse(line).msg) });
  try {
    for (const who of [`${tag}_plain`, `${tag}_above`]) {
      await pool.query(`create database ${who} owner ${who}`);
      const theirs = new URL(withDatabase(url, who));
      theirs.username = who;
      theirs.password = "x";
      const opened = await openDatabase({ dataFolder: "/nowhere", databaseUrl: theirs.href, log });
      deepEqual((await opened.database.query("select current_user::text as who")).rows, [{ who }]);
      await opened.ownerPool.query(`
        create table notes (company_id text not null default current_setting('regent.company'));
        select protect_table('notes')`);
      await opened.database.query("insert into notes default values");
      equal((await opened.database.query("select from notes")).rowCount, 1);
      if (who === `${tag}_plain`) {
        await rejects(opened.database.query("insert into notes values ('other')"), /row-level security/);
      }
      await opened.close();
    }
    match(said[0] ?? "", /_plain may not use the role regent_app: .* and row security binds it\.$/);
    match(said[1] ?? "", /_above may not use the role regent_app: .* row security does not bind it/);
  } finally {
    for (const who of [`${tag}_plain`, `${tag}_above`]) {
      await pool.query(`drop database if exists ${who}`);
      await pool.query(`drop role ${who}`);
    }
  }
});

test("a server that would lose commits is refused, wherever that was set", async () => {
  const { url } = await testDatabase({ empty: true });
  await rejects(connectPostgres(withSettings(url, { synchronous_commit: "off" })), /has synchronous_commit = off/);
});

test("a server that does not answer is named, without its password; one that starts late is waited for", async () => {
  const { url } = await testDatabase({ empty: true });
  const proxy = await faultProxy(url);
  proxy.away(true);
  await rejects(connectPostgres(proxy.url, { waitMs: 300 }), (error: Error) => {
    match(error.message, /No database answers at postgresql:\/\/regent:\*\*\*@127\.0\.0\.1/);
    doesNotMatch(error.message, new RegExp(new URL(url).password));
    return true;
  });
  setTimeout(() => proxy.away(false), 300);
  const said: string[] = [];
  await connectPostgres(proxy.url, { waitMs: 10_000, onWait: (sentence) => said.push(sentence) });
  match(said.join(), /^No database answers yet at [^,]*: waiting up to 10 s for it\.$/);
});

test("a wrong password is said at once", async () => {
  const wrong = new URL((await testDatabase({ empty: true })).url);
  wrong.password = "wrong";
  await rejects(connectPostgres(wrong.href), /^Error: The database at postgresql:.*:\*\*\*@.* refuses: password/);
});

test("what was committed survives each crash of the server, and work goes on over the same pools", async () => {
  const server = await ownServer();
  const { database, ownerPool, close } = await openDatabase({
    dataFolder: "/nowhere",
    databaseUrl: server.url,
    log: silentLog,
  });
  await ownerPool.query(`
    create table counts (company_id text not null default current_setting('regent.company'), key int primary key);
    select protect_table('counts')`);
  let committed = 0;
  for (const signal of ["SIGKILL", "SIGQUIT", "SIGKILL"] as const) {
    const crash = server.crash(signal);
    for (let more = 20; more > 0; ) {
      const key = committed + 1;
      try {
        await database.transaction((tx) =>
          tx.query("insert into counts (key) values ($1) on conflict do nothing", [key]),
        );
        committed = key;
        more--;
      } catch (error) {
        equal((error as { code: string }).code, "database_unavailable");
      }
    }
    await crash;
  }
  equal(Number((await database.query("select count(*) from counts")).rows[0]?.count), committed);
  await close();
});

/** The engine tries again after these codes and gives its run up after ENOENT and EPIPE. */
test("an absent server is refused or reset for the engine's pool, and never something it does not know", async () => {
  const server = await ownServer();
  const { ownerPool, close } = await openDatabase({ dataFolder: "/nowhere", databaseUrl: server.url, log: silentLog });
  const crash = server.crash();
  const codes = new Set<string>();
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; ) {
    const error = await ownerPool.query("select 1").then(
      () => undefined,
      (thrown: Error & { code?: string }) => thrown,
    );
    if (error) codes.add(error.code ?? error.message);
    else if (codes.size > 0) break;
  }
  await crash;
  for (const code of codes) match(code, /^(ECONNREFUSED|ECONNRESET|57P0[123]|Connection terminated unexpectedly)$/);
  await close();
});

test("a client that is told of a missing socket sees a refused connection", async () => {
  const { PreparingClient } = await import("./pool.ts");
  const client = new PreparingClient({
    connectionString: "postgresql://u:p@localhost/d?host=/nowhere&sslmode=disable",
  });
  await rejects(client.connect(), { code: "ECONNREFUSED" });
  ok(client instanceof pg.Client);
});
