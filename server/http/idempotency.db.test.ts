import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { createIds, systemRandom } from "#platform";
import { fakeClock, testDatabase } from "#testing";
import { createIdempotency, type KeptAnswer } from "./idempotency.ts";

async function world() {
  const { database: db } = await testDatabase();
  const clock = fakeClock();
  const deps = { db, clock, random: systemRandom, ids: createIds({ clock, random: systemRandom }) };
  return { clock, one: createIdempotency(deps), other: createIdempotency({ ...deps, waitMs: 50 }) };
}

const answer = (body: string, status = 200): KeptAnswer => ({ status, body });

test("the same key with the same request gets the first answer, and the work is done once", async () => {
  const { one, other } = await world();
  let count = 0;
  const work = async () => answer(String(++count));
  deepEqual(await one.once("k", "request", work), answer("1"));
  deepEqual(await other.once("k", "request", work), answer("1"));
  equal(count, 1);
});

test("the same key with another request is refused", async () => {
  const { one } = await world();
  await one.once("k", "request", async () => answer("1"));
  await rejects(
    one.once("k", "another", async () => answer("2")),
    { code: "idempotency_key_reused" },
  );
});

test("20 requests at once with one key do the work once and get one answer", async () => {
  const { one } = await world();
  let count = 0;
  const work = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return answer(String(++count));
  };
  const answers = await Promise.all(Array.from({ length: 20 }, () => one.once("k", "request", work)));
  equal(count, 1);
  deepEqual(new Set(answers.map(({ body }) => body)), new Set(["1"]));
});

test("who waits too long for the first is told to ask again", async () => {
  const { one, other } = await world();
  let finish = (_: KeptAnswer) => {};
  const first = one.once("k", "request", () => new Promise((resolve) => (finish = resolve)));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await rejects(
    other.once("k", "request", async () => answer("2")),
    { code: "request_in_progress" },
  );
  finish(answer("1"));
  deepEqual(await first, answer("1"));
});

/** The process died in the middle: what it had made is found by its id, and not made twice. */
test("work that nobody finished is taken over with the ids of the first time", async () => {
  const { clock, one, other } = await world();
  const ids: string[] = [];
  void one.once("k", "request", (newId) => {
    ids.push(newId("run"));
    return new Promise(() => {});
  });
  while (ids.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  clock.advance(31_000);
  const taken = await other.once("k", "request", async (newId) => answer(newId("run")));
  equal(taken.body, ids[0]);
});

test("an answer that says 5xx, or no answer, is not kept: the next request does the work, with the same ids", async () => {
  const { one } = await world();
  const ids: string[] = [];
  const work = (status: number) => async (newId: (kind: "run") => string) => {
    ids.push(newId("run"));
    if (status === 0) throw new Error("the connection was lost");
    return answer("x", status);
  };
  equal((await one.once("k", "request", work(503))).status, 503);
  await rejects(one.once("k", "request", work(0)));
  equal((await one.once("k", "request", work(200))).status, 200);
  equal(new Set(ids).size, 1);
  equal(ids.length, 3);
});

test("keys are forgotten after a day", async () => {
  const { clock, one } = await world();
  await one.once("k", "request", async () => answer("1"));
  clock.advance(86_400_000 + 1);
  equal(await one.prune(), 1);
  deepEqual(await one.once("k", "another", async () => answer("2")), answer("2"));
});
