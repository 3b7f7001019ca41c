import assert from "node:assert/strict";
import test from "node:test";
import type { CatchUp } from "@regent/contract";
import { fail } from "@regent/contract";
import { type TestCompany, testTriggers } from "#testing";

const HOUR = 3_600_000;
const MINUTE = 60_000;

const hourly = (catchUp: CatchUp, cron = "0 * * * *"): TestCompany => ({
  daemons: { report: [{ kind: "cron", cron, catchUp, inputs: { days: 7 } }] },
});

/** From the fake clock's start, 2026-01-01T00:00:00Z. */
const at = (hours: number) => new Date(Date.UTC(2026, 0, 1, hours)).toISOString();

test("a schedule fires at its moment, with its inputs, and not before or again", async () => {
  const house = await testTriggers(hourly("last"));
  await house.tick(house.clock.now());
  house.clock.advance(HOUR - 1);
  assert.equal(await house.tick(house.clock.now()), 0);
  house.clock.advance(1);
  assert.equal(await house.tick(house.clock.now()), 1);
  assert.equal(await house.tick(house.clock.now()), 0);
  const [run] = house.runs.values();
  assert.deepEqual(run!.inputs, { days: 7 });
  assert.deepEqual(run!.trigger, { kind: "cron", name: "0 * * * *" });
  assert.deepEqual(house.ticks(), [at(1)]);
  assert.equal((await house.list())[0]!.next_at, at(2));
});

test("after downtime: none, the last, or all of what was missed", async () => {
  const expected = { none: [], last: [at(5)], all: [at(1), at(2), at(3), at(4), at(5)] };
  for (const catchUp of ["none", "last", "all"] as const) {
    const house = await testTriggers(hourly(catchUp));
    await house.tick(house.clock.now());
    house.clock.advance(5.5 * HOUR);
    await house.tick(house.clock.now());
    assert.deepEqual(house.ticks(), expected[catchUp], catchUp);
    house.clock.advance(HOUR / 2);
    await house.tick(house.clock.now());
    assert.deepEqual(house.ticks(), [...expected[catchUp], at(6)], catchUp);
  }
});

test("all is bounded, and what was dropped is said", async () => {
  const house = await testTriggers(hourly("all", "* * * * *"));
  await house.tick(house.clock.now());
  house.clock.advance(30 * 24 * HOUR);
  let fired = 0;
  for (let more = -1; more !== 0; fired += more) more = await house.tick(house.clock.now());
  assert.equal(fired, 1_000);
  assert.equal(house.ticks().at(-1), new Date(house.clock.now()).toISOString());
  assert.equal((await house.problems(10))[0]!.code, "ticks_dropped");
});

test("many workers fire a moment once", async () => {
  const house = await testTriggers(hourly("all"));
  const workers = [house, ...Array.from({ length: 4 }, () => house.worker(hourly("all")))];
  await Promise.all(workers.map((worker) => worker.tick(house.clock.now())));
  for (let i = 0; i < 20; i++) {
    house.clock.advance(HOUR);
    const fired = await Promise.all(workers.map((worker) => worker.tick(house.clock.now())));
    assert.equal(
      fired.reduce((a, b) => a + b),
      1,
    );
  }
  assert.equal(house.runs.size, 20);
});

/** The run is started, and the process dies before it says so. */
test("a crash between start and record starts nothing twice", async () => {
  const house = await testTriggers(hourly("last"));
  await house.tick(house.clock.now());
  for (let i = 1; i <= 10; i++) {
    house.clock.advance(HOUR);
    house.faults.afterStart = fail("database_unavailable", { outcome: "unknown" });
    await assert.rejects(house.tick(house.clock.now()), { code: "database_unavailable" });
    house.faults.afterStart = undefined;
    house.clock.advance(5_000);
    await house.worker(hourly("last")).tick(house.clock.now());
    house.clock.advance(-5_000);
  }
  assert.equal(house.runs.size, 10);
  assert.equal(house.calls.length, 20);
});

test("while the database is away nothing is lost", async () => {
  const house = await testTriggers(hourly("none"));
  await house.tick(house.clock.now());
  house.clock.advance(HOUR);
  house.faults.start = fail("database_unavailable", { outcome: "nothing" });
  await assert.rejects(house.tick(house.clock.now()));
  house.faults.start = undefined;
  house.clock.advance(10_000);
  assert.equal(await house.tick(house.clock.now()), 1);
});

test("a schedule that cannot be started now keeps no other back, and stays due", async () => {
  const house = await testTriggers({
    daemons: {
      sick: [{ kind: "cron", cron: "0 * * * *", catchUp: "last" }],
      well: [{ kind: "cron", cron: "0 * * * *", catchUp: "last" }],
    },
  });
  await house.tick(house.clock.now());
  house.clock.advance(HOUR);
  house.faults.sick.set("sick", new Error("no space left on device"));
  await assert.rejects(house.tick(house.clock.now()), /no space/);
  assert.deepEqual(
    [...house.runs.values()].map((run) => run.pinned.daemon.id),
    ["well"],
  );
  house.faults.sick.clear();
  assert.equal(await house.tick(house.clock.now()), 1);
  assert.equal(house.runs.size, 2);
});

test("a start that is refused is a problem, and the schedule goes on", async () => {
  const house = await testTriggers(hourly("last"));
  await house.tick(house.clock.now());
  house.clock.advance(HOUR);
  house.faults.start = fail("daemon_cannot_start", { missing: "the connection meta_ads" });
  assert.equal(await house.tick(house.clock.now()), 0);
  house.faults.start = undefined;
  const [problem] = await house.problems(10);
  assert.deepEqual([problem!.daemon, problem!.tick, problem!.code], ["report", at(1), "daemon_cannot_start"]);
  assert.match(problem!.message, /meta_ads/);
  house.clock.advance(HOUR);
  assert.equal(await house.tick(house.clock.now()), 1);
});

test("a changed expression catches nothing up across the change", async () => {
  const house = await testTriggers(hourly("all"));
  await house.tick(house.clock.now());
  house.clock.advance(10 * HOUR + 30 * MINUTE);
  house.load(hourly("all", "15 * * * *"));
  assert.equal(await house.tick(house.clock.now()), 0);
  house.clock.advance(HOUR);
  assert.equal(await house.tick(house.clock.now()), 1);
  assert.deepEqual(house.ticks(), ["2026-01-01T11:15:00.000Z"]);
});

test("other words for the same thing do not disturb a schedule", async () => {
  const house = await testTriggers(hourly("none"));
  await house.tick(house.clock.now());
  house.clock.advance(3.5 * HOUR);
  house.load(hourly("all"));
  assert.equal(await house.tick(house.clock.now()), 3);
});

test("a removed daemon fires no more, and begins anew when it comes back", async () => {
  const house = await testTriggers(hourly("all"));
  await house.tick(house.clock.now());
  house.load({});
  house.clock.advance(5 * HOUR);
  assert.equal(await house.tick(house.clock.now()), 0);
  house.load(hourly("all"));
  assert.equal(await house.tick(house.clock.now()), 0);
  house.clock.advance(HOUR);
  assert.equal(await house.tick(house.clock.now()), 1);
});

test("a clock that goes back fires nothing twice, and does not stop the schedule", async () => {
  const house = await testTriggers(hourly("all"));
  await house.tick(house.clock.now());
  for (let i = 0; i < 3; i++) {
    house.clock.advance(HOUR);
    await house.tick(house.clock.now());
  }
  house.clock.advance(-2.5 * HOUR);
  await house.tick(house.clock.now());
  const before = house.runs.size;
  for (let i = 0; i < 4; i++) {
    house.clock.advance(HOUR);
    await house.tick(house.clock.now());
  }
  assert.equal(before, 3);
  assert.deepEqual(house.ticks(), [at(1), at(2), at(3), at(4)]);
});

test("a clock that was years ahead and is put right does not silence the schedule for years", async () => {
  const house = await testTriggers(hourly("last"));
  const right = house.clock.now();
  await house.tick(right);
  house.clock.advance(4 * 365 * 24 * HOUR);
  await house.tick(house.clock.now());
  house.clock.set(right + HOUR / 2);
  await house.tick(house.clock.now());
  house.clock.advance(HOUR / 2);
  assert.equal(await house.tick(house.clock.now()), 1);
});

test("daylight saving: the morning stays the morning, and a moment that is twice fires once", async () => {
  const house = await testTriggers({
    daemons: {
      report: [
        { kind: "cron", cron: "0 8 * * *", timezone: "Europe/Berlin", catchUp: "all" },
        { kind: "cron", cron: "30 2 * * *", timezone: "Europe/Berlin", catchUp: "all" },
      ],
    },
  });
  for (const [from, until] of [
    ["2026-03-28T12:00Z", "2026-03-29T12:00Z"],
    ["2026-10-24T12:00Z", "2026-10-25T12:00Z"],
  ] as const) {
    house.load({ ...hourly("all", "0 0 1 1 *") });
    house.clock.set(Date.parse(from));
    await house.tick(house.clock.now());
    house.runs.clear();
    house.load({
      daemons: {
        report: [
          { kind: "cron", cron: "0 8 * * *", timezone: "Europe/Berlin", catchUp: "all" },
          { kind: "cron", cron: "30 2 * * *", timezone: "Europe/Berlin", catchUp: "all" },
        ],
      },
    });
    for (; house.clock.now() <= Date.parse(until); house.clock.advance(10 * MINUTE))
      await house.tick(house.clock.now());
    assert.deepEqual(
      house.ticks(),
      from.startsWith("2026-03")
        ? ["2026-03-29T01:00:00.000Z", "2026-03-29T06:00:00.000Z"]
        : ["2026-10-25T00:30:00.000Z", "2026-10-25T07:00:00.000Z"],
    );
  }
});

test("the company's timezone holds where a trigger names none", async () => {
  const house = await testTriggers({ ...hourly("last", "0 8 * * *"), timezone: "Asia/Kolkata" });
  await house.tick(house.clock.now());
  assert.equal((await house.list())[0]!.next_at, "2026-01-01T02:30:00.000Z");
});

test("what cannot fire says what is missing, and keeps nothing else back", async () => {
  const house = await testTriggers({
    daemons: {
      report: [
        { kind: "cron", cron: "0 * * * *", timezone: "Mars/Phobos", catchUp: "last" },
        { kind: "named", name: "nobody_knows" },
        { kind: "named", name: "spend_high" },
        { kind: "named", name: "daily_morning" },
        { kind: "cron", cron: "0 * * * *", catchUp: "last" },
        { kind: "cron", cron: "0 * * * *", catchUp: "last", inputs: { days: 30 } },
      ],
    },
    triggers: {
      spend_high: { metric: "ads.spend", if: "spend > cap" },
      daily_morning: { cron: "0 8 * * *", timezone: "Europe/Berlin", catch_up: "all" },
    },
  });
  await house.tick(house.clock.now());
  const triggers = await house.list();
  assert.match(triggers[0]!.missing!, /Mars\/Phobos/);
  assert.match(triggers[1]!.missing!, /no "nobody_knows"/);
  assert.match(triggers[2]!.missing!, /metric/);
  assert.deepEqual([triggers[3]!.missing, triggers[3]!.next_at], [null, at(7)]);
  house.clock.advance(HOUR);
  assert.equal(await house.tick(house.clock.now()), 2, "equal times with other inputs are two schedules");
});

test("the loop fires by itself, goes on after an error, and ends when told", async () => {
  const house = await testTriggers(hourly("last"));
  await house.tick(house.clock.now());
  house.clock.advance(HOUR);
  house.faults.start = fail("database_unavailable", {});
  const loop = house.start();
  setTimeout(() => {
    house.faults.start = undefined;
  }, 50);
  while (house.runs.size === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await loop.stop();
  assert.equal(house.runs.size, 1);
});
