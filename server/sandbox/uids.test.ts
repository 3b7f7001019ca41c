import { deepEqual, doesNotThrow, equal, ok, throws } from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { temporaryFolder, testProgram } from "#testing";
import { identify } from "./processes.ts";
import { createUids } from "./uids.ts";

/** Above the largest process number of Linux. */
const DEAD = "4194305-1";
const range = { first: 1_000, count: 3 };

test("a number is one run's until it is given back", async () => {
  const uids = createUids(range, { locks: await temporaryFolder("uids", "memory") });
  const runs = [uids.take(), uids.take(), uids.take()];
  equal(new Set(runs.map(({ uid }) => uid)).size, 3);
  throws(() => uids.take(), /every user number/);
  runs[1]!.release();
  equal(uids.take().uid, runs[1]!.uid);
});

test("nothing is left of numbers that were given back", async () => {
  const locks = await temporaryFolder("uids", "memory");
  const uids = createUids(range, { locks });
  for (const run of [uids.take(), uids.take(), uids.take()]) run.release();
  deepEqual(readdirSync(locks), []);
});

test("numbers of a dead server are taken over, those of a living one are not", async () => {
  const locks = await temporaryFolder("uids", "memory");
  const living = createUids(range, { locks, owner: livingOwner() });
  const kept = living.take().uid;
  const left = createUids(range, { locks, owner: DEAD }).take().uid;
  const uids = createUids(range, { locks });
  deepEqual(
    uids.takeStale().map(({ uid }) => uid),
    [left],
  );
  ok(readdirSync(locks).includes(String(kept)));
});

/** While one server ends what ran under a number, no other may give the number away or begin the same. */
test("a number that was taken over is held until it is released", async () => {
  const locks = await temporaryFolder("uids", "memory");
  createUids({ first: 1_000, count: 1 }, { locks, owner: DEAD }).take();
  const [first, second] = [livingOwner(), livingOwner()].map((owner) =>
    createUids({ first: 1_000, count: 1 }, { locks, owner }),
  );
  const [stale] = first!.takeStale();
  deepEqual(second!.takeStale(), []);
  throws(() => second!.take(), /every user number/);
  stale!.release();
  equal(second!.take().uid, 1_000);
});

/** Seen with several servers on one machine: the end of a run failed because its lock was gone. */
test("a lock that somebody removed is released without an error", async () => {
  const locks = await temporaryFolder("uids", "memory");
  const run = createUids(range, { locks }).take();
  rmSync(join(locks, String(run.uid)), { recursive: true });
  doesNotThrow(() => run.release());
});

test("no number has two holders, however many servers take, leave and clear up at once", async () => {
  const [locks, witnesses] = [await temporaryFolder("uids", "memory"), await temporaryFolder("uids", "memory")];
  const program = testProgram("contend-for-uids.ts");
  const reports = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [program, locks, witnesses, "600"]);
      return JSON.parse(stdout) as { held: number; takenOver: number; shared: string[] };
    }),
  );
  deepEqual(
    reports.flatMap(({ shared }) => shared.slice(0, 2)),
    [],
  );
  const takenOver = reports.reduce((sum, report) => sum + report.takenOver, 0);
  ok(takenOver >= 300, `${takenOver} numbers taken over`);
});

/** The name of a server that lives as long as the test. */
function livingOwner(): string {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  after(() => child.kill());
  return `${child.pid}-${identify(child.pid!)!.startedAt}`;
}
