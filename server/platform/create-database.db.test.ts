import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { faultProxy, testDatabase } from "#testing";
import { createDatabase } from "./create-database.ts";
import { silentLog } from "./log.ts";

async function setUp(waitMs = 3_000) {
  const { url, pool } = await testDatabase();
  await pool.query(`
    create table notes (company_id text not null default current_setting('regent.company'), words text);
    select protect_table('notes')`);
  const proxy = await faultProxy(url);
  const database = createDatabase({
    url: proxy.url,
    company: "main",
    role: "regent_app",
    max: 3,
    waitMs,
    log: silentLog,
    mayExit: true,
  });
  const count = async () => (await pool.query("select from notes")).rowCount;
  return { proxy, database, pool, count };
}

test("while the server is away everything waits that has not begun, and goes on", async () => {
  const { proxy, database, count } = await setUp();
  await database.query("select 1");
  proxy.away(true);
  const work = Promise.all([
    database.query("select 1 as value"),
    database.query("insert into notes (words) values ('waited')"),
    database.transaction((tx) => tx.query("insert into notes (words) values ('in a transaction')")),
  ]);
  await sleep(150);
  proxy.away(false);
  const [{ rows }] = await work;
  deepEqual(rows, [{ value: 1 }]);
  equal(await count(), 2);
});

test("a server that stays away is an error that says that nothing happened", async () => {
  const { proxy, database } = await setUp(100);
  proxy.away(true);
  const error = { code: "database_unavailable", detail: { outcome: "nothing" } };
  const match = (thrown: { code: string; detail: { outcome: string } }) => {
    deepEqual({ code: thrown.code, detail: { outcome: thrown.detail.outcome } }, error);
    return true;
  };
  await rejects(database.query("select 1"), match);
  await rejects(database.query("insert into notes (words) values ('x')"), match);
  await rejects(
    database.transaction(async () => {}),
    match,
  );
});

test("a select that loses its connection is sent again", async () => {
  const { proxy, database } = await setUp();
  const cut = proxy.cut({ at: /select 'again'/, moment: "after" });
  deepEqual((await database.query("select 'again' as words")).rows, [{ words: "again" }]);
  await cut;
  equal(proxy.cuts.length, 1);
});

test("a statement that writes is never sent again: its outcome is unknown", async () => {
  const { proxy, database, count } = await setUp();
  for (const sql of [
    "insert into notes (words) values ('once')",
    "with one as (insert into notes (words) values ('once') returning 1) select * from one",
  ]) {
    const cut = proxy.cut({ at: /insert into notes/, moment: "after" });
    await rejects(database.query(sql), (error: { code: string; detail: { outcome: string } }) => {
      deepEqual([error.code, error.detail.outcome], ["database_unavailable", "unknown"]);
      return true;
    });
    await cut;
  }
  equal(await count(), 2);
});

test("a COMMIT without an answer is unknown and not repeated; a statement before it means that nothing happened", async () => {
  const { proxy, database, count } = await setUp();
  const insert = () =>
    database.transaction(async (tx) => {
      await tx.query("insert into notes (words) values ('once')");
    });
  const outcomeOf = (promise: Promise<void>) =>
    promise.then(
      () => "done",
      (error) => error.detail.outcome,
    );
  proxy.cut({ at: "commit", moment: "after" });
  equal(await outcomeOf(insert()), "unknown");
  proxy.cut({ at: /insert/, moment: "after" });
  equal(await outcomeOf(insert()), "nothing");
  proxy.cut({ at: /begin/, moment: "after" });
  equal(await outcomeOf(insert()), "done");
  equal(await count(), 2);
});

test("a transaction whose work fails leaves nothing, and its connection is good for the next", async () => {
  const { database, count } = await setUp();
  const failure = new Error("no");
  for (let i = 0; i < 5; i++) {
    await rejects(
      database.transaction(async (tx) => {
        await tx.query("insert into notes (words) values ('x')");
        throw failure;
      }),
      failure,
    );
  }
  equal(await count(), 0);
  await database.query("insert into notes (words) values ('x')");
  equal(await count(), 1);
});

test("what the work lost to somebody else is not taken for the database's connection", async () => {
  const { database } = await setUp();
  const elsewhere = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  await rejects(
    database.transaction(async (tx) => {
      await tx.query("select 1");
      throw elsewhere;
    }),
    elsewhere,
  );
});

/** PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and without an error. */
test("a transaction whose statement failed and was caught does not look as if it had been committed", async () => {
  const { database, count } = await setUp();
  await rejects(
    database.transaction(async (tx) => {
      await tx.query("insert into notes (words) values ('x')");
      await tx.query("select 1 / 0").catch(() => {});
    }),
    { code: "internal" },
  );
  equal(await count(), 0);
});

test("a transaction that idles is ended by the server, and is an error, not a hang", async () => {
  const { database, count, pool } = await setUp();
  await rejects(
    database.transaction(async (tx) => {
      await tx.query("set local idle_in_transaction_session_timeout = 50");
      await tx.query("insert into notes (words) values ('x')");
      await sleep(300);
      await tx.query("select 1");
    }),
    { code: "database_unavailable" },
  );
  equal(await count(), 0);
  equal((await pool.query("select pg_advisory_lock(1)")).rowCount, 1);
});

test("a table that changes under a prepared statement is read with its new shape", async () => {
  const { database, pool } = await setUp();
  const read = () => database.query("select * from notes where words = $1", ["x"]);
  for (let i = 0; i < 5; i++) await read();
  await pool.query("alter table notes add column more text");
  await Promise.all([read(), read(), read()]);
  deepEqual((await read()).rows, []);
});

test("statements that repeat are prepared once a connection", async () => {
  const { database } = await setUp();
  await database.transaction(async (tx) => {
    for (let i = 0; i < 5; i++) await tx.query("select $1::int as prepared", [i]);
    const { rows } = await tx.query(
      "select from pg_prepared_statements where statement = 'select $1::int as prepared'",
    );
    equal(rows.length, 1);
  });
});

test("messages reach every listener of a channel until it stops, and only that channel's", async () => {
  const { database, pool } = await setUp();
  const heard: string[] = [];
  const stop = await database.listen("News", (payload) => heard.push(`a ${payload}`));
  await database.listen("News", (payload) => heard.push(`b ${payload}`));
  await database.listen("other", () => heard.push("other"));
  await pool.query(`select pg_notify('News', '1')`);
  await eventually(() => heard.length === 2);
  await stop();
  await pool.query(`select pg_notify('News', '2')`);
  await eventually(() => heard.length === 3);
  deepEqual(heard.toSorted(), ["a 1", "b 1", "b 2"]);
  await database.close();
});

test("a listener whose connection is lost hears again, and is told of the gap", async () => {
  const { proxy, database, pool } = await setUp();
  const heard: string[] = [];
  let gaps = 0;
  await database.listen(
    "news",
    (payload) => heard.push(payload),
    () => gaps++,
  );
  for (let round = 1; round <= 3; round++) {
    proxy.away(true);
    await sleep(20);
    proxy.away(false);
    await eventually(() => gaps === round);
    await pool.query(`select pg_notify('news', '${round}')`);
    await eventually(() => heard.length === round);
  }
  deepEqual(heard, ["1", "2", "3"]);
  await database.close();
});

test("listening begins also when the server is away at first", async () => {
  const { proxy, database, pool } = await setUp();
  proxy.away(true);
  const heard: string[] = [];
  const listening = database.listen("news", (payload) => heard.push(payload));
  await sleep(50);
  proxy.away(false);
  await listening;
  await pool.query(`select pg_notify('news', 'x')`);
  await eventually(() => heard.length === 1);
  await database.close();
});

async function eventually(isSo: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 10_000; !isSo(); ) {
    if (performance.now() > deadline) throw new Error("it did not come to be so within 10 s");
    await sleep(5);
  }
}
