import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { createPool, silentLog } from "#platform";
import { faultProxy, type Moment, testDatabase } from "#testing";

async function setUp() {
  const { url, pool } = await testDatabase();
  await pool.query("create table counts (name text primary key, value int not null)");
  await pool.query("insert into counts values ('a', 0)");
  const proxy = await faultProxy(url);
  const counted = async () => (await pool.query("select value from counts where name = 'a'")).rows[0].value as number;
  /** The server has noticed that the connection is gone, and has ended what it was doing. */
  const settled = async () => {
    const open =
      "select from pg_stat_activity where application_name = 'through the proxy' and datname = current_database()";
    while ((await pool.query(open)).rowCount) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { pool, proxy, counted, settled };
}

const LOST = /Connection terminated|ECONNRESET|EPIPE/;
const ADD_ONE = "update counts set value = value + 1 where name = 'a'";

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: "through the proxy" });
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function addOneInTransaction(url: string): Promise<void> {
  const client = await connected(url);
  try {
    await client.query("begin");
    await client.query(ADD_ONE);
    await client.query("commit");
  } finally {
    await client.end().catch(() => {});
  }
}

test("without a plan everything passes unharmed: large rows, prepared statements, notifications", async () => {
  const { proxy } = await setUp();
  const client = await connected(proxy.url);
  const large = "x".repeat(5_000_000);
  const { rows } = await client.query("select $1::text as large", [large]);
  equal(rows[0].large, large);
  for (let i = 0; i < 5; i++) {
    deepEqual((await client.query({ name: "named", text: "select $1::int as i", values: [i] })).rows, [{ i }]);
  }
  const heard = new Promise((done) => client.once("notification", (message) => done(message.payload)));
  await client.query("listen news");
  await client.query("notify news, 'something'");
  equal(await heard, "something");
  await client.end();
  equal(proxy.cuts.length, 0);
});

/** What the client sees is the same each time; what has happened is not. */
const outcomes: [Moment, number][] = [
  ["before", 0],
  ["sent", 1],
  ["after", 1],
];
for (const [moment, value] of outcomes) {
  test(`a connection cut "${moment}" COMMIT fails, and the transaction has happened ${value} times`, async () => {
    const { proxy, counted, settled } = await setUp();
    const done = proxy.cut({ at: "commit", moment });
    await rejects(addOneInTransaction(proxy.url), LOST);
    const cut = await done;
    equal(cut.answer, moment === "after" ? "COMMIT" : undefined);
    equal(cut.commit, 1);
    await settled();
    equal(await counted(), value);
  });

  test(`a statement with parameters, alone and prepared, is cut "${moment}" in the same way`, async () => {
    const { proxy, counted, settled } = await setUp();
    const client = await connected(proxy.url);
    const add = { name: "add", text: "update counts set value = value + $1 where name = 'a'", values: [1] };
    await client.query(add);
    const done = proxy.cut({ at: /^update counts/, nth: 2, moment });
    await client.query(add);
    await rejects(client.query(add), LOST);
    equal((await done).answer, moment === "after" ? "UPDATE 1" : undefined);
    await settled();
    equal(await counted(), 2 + value);
  });
}

test("the n-th COMMIT is the one that is cut, over all connections", async () => {
  const { proxy, counted } = await setUp();
  const done = proxy.cut({ at: "commit", nth: 3, moment: "after" });
  await addOneInTransaction(proxy.url);
  await addOneInTransaction(proxy.url);
  await rejects(addOneInTransaction(proxy.url), LOST);
  equal((await done).commit, 3);
  await addOneInTransaction(proxy.url);
  deepEqual([await counted(), proxy.commits, proxy.cuts.length], [4, 4, 1]);
});

test("an answer that is an error is told as such", async () => {
  const { proxy } = await setUp();
  const client = await connected(proxy.url);
  const done = proxy.cut({ at: /1 \/ 0/, moment: "after" });
  await rejects(client.query("select 1 / 0"), LOST);
  equal((await done).answer, "error");
});

test("a plan decides about each statement, as often as it likes", async () => {
  const { proxy, counted } = await setUp();
  proxy.plan(({ commit }) => (commit && commit % 2 === 0 ? "after" : undefined));
  let failed = 0;
  for (let i = 0; i < 20; i++) await addOneInTransaction(proxy.url).catch(() => failed++);
  deepEqual([failed, await counted(), proxy.cuts.length], [10, 20, 10]);
});

/** The defect that the proxy is there to find, planted: a COMMIT whose answer is lost is done again. */
test("a transaction that is repeated blindly happens twice; one with a key happens once", async () => {
  const { proxy, counted, pool } = await setUp();
  await pool.query("create table done (key text primary key)");
  const repeat = async (work: () => Promise<void>) => work().catch(work);

  const blind = proxy.cut({ at: "commit", moment: "after" });
  await repeat(() => addOneInTransaction(proxy.url));
  await blind;
  equal(await counted(), 2);

  const keyed = proxy.cut({ at: "commit", moment: "after" });
  await repeat(async () => {
    const client = await connected(proxy.url);
    await client.query("begin");
    const { rowCount } = await client.query("insert into done values ('once') on conflict do nothing");
    if (rowCount) await client.query(ADD_ONE);
    await client.query("commit").finally(() => client.end().catch(() => {}));
  });
  await keyed;
  equal(await counted(), 3);
});

test("latency is added in both directions, in order", async () => {
  const { proxy } = await setUp();
  const client = await connected(proxy.url);
  proxy.delay(40);
  const began = performance.now();
  const { rows } = await client.query("select generate_series(1, 1000) as i");
  ok(performance.now() - began >= 80);
  deepEqual(
    rows.map(({ i }) => i),
    Array.from({ length: 1000 }, (_, index) => index + 1),
  );
  proxy.delay(0);
  await client.end();
});

for (const towards of ["client", "server"] as const) {
  test(`half of a connection closed towards the ${towards} is a lost connection, and the pool takes another`, async () => {
    const { proxy } = await setUp();
    const pool = createPool({ url: proxy.url, max: 1, name: "test", company: "main", log: silentLog });
    await pool.query("select 1");
    proxy.halfClose(towards);
    await pool.query("select 1").catch(() => {});
    deepEqual((await pool.query("select 1 as value")).rows, [{ value: 1 }]);
    await pool.end();
  });
}

test("a server that is away refuses, and is back when told", async () => {
  const { proxy, counted } = await setUp();
  proxy.away(true);
  await rejects(addOneInTransaction(proxy.url), LOST);
  proxy.away(false);
  await addOneInTransaction(proxy.url);
  equal(await counted(), 1);
});
