import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { temporaryFolder, testDatabase } from "#testing";

test("the shared server drops what killed tests left, and is gone when nobody has been connected for a while", async () => {
  const folder = join(await temporaryFolder("keeper", "memory"), "server");
  const keeper = fileURLToPath(new URL("keep-server.ts", import.meta.url));
  const child = spawn(process.execPath, [keeper, folder, "600"], { stdio: "ignore" });
  const ended = new Promise((done) => child.once("exit", done));
  const { url } = await eventually(async () => JSON.parse(await readFile(join(folder, "server.json"), "utf8")));
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();

  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  await client.query(`create database test_${dead}_left`);
  await client.query(`create database test_${process.pid}_mine`);
  const names = async () =>
    (await client.query("select datname from pg_database where datname like 'test%' order by 1")).rows.map(
      (row) => row.datname,
    );
  await eventually(async () => deepEqual(await names(), [`test_${process.pid}_mine`]));

  await sleep(1_000);
  equal(child.exitCode, null, "it stays while somebody is connected");
  await client.end();
  equal(await ended, 0);
  await rejects(stat(folder), { code: "ENOENT" });
});

/** 20 ms on a quiet machine with memory for files, 250 ms on a slow disk. The first call makes the template. */
test("a database of its own costs a test milliseconds, not seconds", async () => {
  await testDatabase();
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    await testDatabase();
    times.push(performance.now() - began);
  }
  const median = times.toSorted((a, b) => a - b)[2] as number;
  ok(median < 1_000, `${median} ms`);
});

async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + 15_000; ; await sleep(20)) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}
