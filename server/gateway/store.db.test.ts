import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { testDatabase } from "#testing";
import type { Held, Hold } from "./ledger.ts";
import * as store from "./store.ts";

const { database } = await testDatabase();
const AT = Date.UTC(2026, 0, 1);
const USED = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };

const holdOf = (run: string, key: string, rest: Partial<Hold> = {}): Hold => ({
  ...{ run, key, provider: "lab", model: "m1", limitNanos: 1_000, least: 10, most: 100, ttlMs: 60_000 },
  ...rest,
});

async function budgetOf(run: string) {
  const { rows } = await database.query<{ held: string; spent: string }>(
    "select held_nanos as held, spent_nanos as spent from run_budgets where run = $1",
    [run],
  );
  return { held: Number(rows[0]?.held), spent: Number(rows[0]?.spent) };
}

type TakeHold = (hold: Hold) => Promise<Held>;

/** 64 calls at once, each spending all that it held. Returns how much was held and spent at most, of 1,000. */
async function race(run: string, takeHold: TakeHold): Promise<number> {
  let most = 0;
  await Promise.all(
    Array.from({ length: 64 }, async (_, index) => {
      const held = await takeHold(holdOf(run, `call/${index}`));
      const budget = await budgetOf(run);
      most = Math.max(most, budget.held + budget.spent);
      if (held.taken === null) return;
      await store.settleCall(
        database,
        { run, key: `call/${index}`, hold: held.hold, used: { ...USED, nanos: held.taken } },
        AT,
      );
    }),
  );
  const end = await budgetOf(run);
  return Math.max(most, end.held + end.spent);
}

test("64 calls at once never hold and spend more than the limit, and use all of it", async () => {
  for (let round = 0; round < 5; round += 1) {
    const run = `run_race_${round}`;
    equal(await race(run, (hold) => store.takeHold(database, hold, AT)), 1_000);
    deepEqual(await budgetOf(run), { held: 0, spent: 1_000 });
  }
});

/** The check above would notice the usual mistakes: each mutant takes holds in a way that looks right. */
test("mutants that look first and write then are caught", async () => {
  const begin = async (hold: Hold) => {
    await store.takeHold(database, { ...hold, least: 0, most: 0 }, AT);
    const { rows } = await database.query<{ left: string }>(
      "select limit_nanos - spent_nanos - held_nanos as left from run_budgets where run = $1",
      [hold.run],
    );
    return Number(rows[0]?.left);
  };
  const take = async (hold: Hold, amount: number): Promise<Held> => {
    await database.query("update run_budgets set held_nanos = held_nanos + $2 where run = $1", [hold.run, amount]);
    await database.query("update model_calls set held_nanos = $3 where run = $1 and key = $2", [
      hold.run,
      hold.key,
      amount,
    ]);
    return { taken: amount, hold: 1 };
  };
  const mutants: Record<string, TakeHold> = {
    "read, then write": async (hold) => {
      const left = await begin(hold);
      return left < hold.least ? { taken: null, spent: 0 } : await take(hold, Math.min(hold.most, left));
    },
    "a hold that does not fit is admitted in full": async (hold) => {
      const left = await begin(hold);
      return left <= 0 ? { taken: null, spent: 0 } : await take(hold, hold.most);
    },
    "only what is spent counts": async (hold) => {
      await begin(hold);
      const { spent } = await budgetOf(hold.run);
      return spent + hold.most > hold.limitNanos ? { taken: null, spent } : await take(hold, hold.most);
    },
    "no check": async (hold) => {
      await begin(hold);
      return await take(hold, hold.most);
    },
  };
  for (const [name, mutant] of Object.entries(mutants)) {
    ok((await race(`run_mutant_${name}`, mutant)) > 1_000, `${name} was not caught`);
  }
});

test("settling twice charges once", async () => {
  const held = await store.takeHold(database, holdOf("run_twice", "a"), AT);
  const settle = {
    run: "run_twice",
    key: "a",
    hold: held.taken === null ? null : held.hold,
    used: { ...USED, nanos: 60 },
  };
  await store.settleCall(database, settle, AT);
  await store.settleCall(database, settle, AT);
  deepEqual(await budgetOf("run_twice"), { held: 0, spent: 60 });
});

/** The provider may have asked for the money: forgetting the hold would let the run overrun its limit. */
test("a hold that a dead process left is charged in full when the call is made again", async () => {
  await store.takeHold(database, holdOf("run_dead", "a"), AT);
  await store.takeHold(database, holdOf("run_dead", "a"), AT);
  deepEqual(await budgetOf("run_dead"), { held: 100, spent: 100 });
});

test("a hold whose time is over is charged by the next call of the run", async () => {
  await store.takeHold(database, holdOf("run_late", "a"), AT);
  await store.takeHold(database, holdOf("run_late", "b"), AT + 59_000);
  deepEqual(await budgetOf("run_late"), { held: 200, spent: 0 });
  await store.takeHold(database, holdOf("run_late", "c"), AT + 61_000);
  deepEqual(await budgetOf("run_late"), { held: 200, spent: 100 });
});

test("a process that settles after another took its call over charges nothing twice", async () => {
  const first = await store.takeHold(database, holdOf("run_zombie", "a"), AT);
  const second = await store.takeHold(database, holdOf("run_zombie", "a"), AT);
  if (first.taken === null || second.taken === null) throw new Error("no hold");
  const used = { ...USED, nanos: 30 };
  await store.settleCall(database, { run: "run_zombie", key: "a", hold: first.hold, used }, AT);
  deepEqual(await budgetOf("run_zombie"), { held: 100, spent: 100 });
  await store.settleCall(database, { run: "run_zombie", key: "a", hold: second.hold, used }, AT);
  deepEqual(await budgetOf("run_zombie"), { held: 0, spent: 130 });
});

test("what a provider asks beyond the hold is recorded in full, and nothing more is held", async () => {
  const held = await store.takeHold(database, holdOf("run_beyond", "a"), AT);
  if (held.taken === null) throw new Error("no hold");
  await store.settleCall(
    database,
    { run: "run_beyond", key: "a", hold: held.hold, used: { ...USED, nanos: 5_000 } },
    AT,
  );
  deepEqual(await budgetOf("run_beyond"), { held: 0, spent: 5_000 });
  deepEqual(await store.takeHold(database, holdOf("run_beyond", "b"), AT), { taken: null, spent: 5_000 });
});
