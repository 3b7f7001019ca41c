import assert from "node:assert/strict";
import test from "node:test";
import { Event, fail } from "@regent/contract";
import { testTriggers } from "#testing";

const house = await testTriggers({
  daemons: {
    fulfil: [{ kind: "event", event: "order.paid", inputs: { order: "${event.order}", source: "${event.source}" } }],
    large: [{ kind: "event", event: "order.paid", where: "event.total > 100.0" }],
    twice: [
      { kind: "event", event: "order.paid" },
      { kind: "event", event: "order.paid", where: "event.total > 1.0" },
    ],
    named: [{ kind: "named", name: "refund_asked" }],
    broken: [{ kind: "event", event: "broken.thing", inputs: ["a list"] }],
    circle: [{ kind: "event", event: "circle.turned" }],
    "from-outside": [],
  },
  triggers: {
    outside: { event: "outside.said", start: "From_outside", inputs: { text: "${event.text}" } },
    refund_asked: { event: "refund.asked", where: "event.reason == 'late'", inputs: { why: "${event.reason}" } },
  },
});
const { events, runs, calls, messages, faults, clock } = house;

const startedBy = (id: string) =>
  [...runs.values()].filter((run) => run.trigger.by === id).map((run) => run.pinned.daemon.id);
const problemsOf = async (id: string) => (await house.problems(1_000)).filter((problem) => problem.event === id);

test("an event starts each daemon that waits for its kind once, with the inputs made of it", async () => {
  const id = await events.emit({ type: "order.paid", data: { order: "o-1", total: 500 }, source: "shop" });
  assert.deepEqual(startedBy(id).toSorted(), ["fulfil", "large", "twice"]);
  const fulfil = [...runs.values()].find((run) => run.pinned.daemon.id === "fulfil")!;
  assert.deepEqual(fulfil.inputs, { order: "o-1", source: "shop" });
  assert.deepEqual(fulfil.trigger, { kind: "event", name: "order.paid", by: id });
  assert.equal(fulfil.event?.["order"], "o-1");
  assert.ok(Event.safeParse(await events.get(id)).success);
});

test("the same id again is the same event, also at the same time", async () => {
  const event = { id: "shop-77", type: "order.paid", data: { order: "o-2", total: 2 }, source: "shop" };
  const ids = await Promise.all(Array.from({ length: 20 }, () => events.emit(event)));
  assert.deepEqual([...new Set(ids)], ["evt_shop-77"]);
  assert.deepEqual(startedBy("evt_shop-77").toSorted(), ["fulfil", "twice"]);
  assert.equal(calls.filter((call) => call.trigger.by === "evt_shop-77").length, 2);
});

test("ids that are no ids of ours stay one event each", async () => {
  const ids = [];
  for (const id of [
    "evt_run_1.each[3].draft",
    "evt_run_1.each[3].draft",
    `evt_${"a".repeat(300)}b`,
    `evt_${"a".repeat(300)}c`,
  ]) {
    ids.push(await events.emit({ id, type: "odd.id", data: {}, source: "test" }));
  }
  assert.equal(new Set(ids).size, 3);
});

test("a named trigger of the company starts with its condition", async () => {
  const late = await events.emit({ type: "refund.asked", data: { reason: "late" }, source: "shop" });
  const other = await events.emit({ type: "refund.asked", data: { reason: "colour" }, source: "shop" });
  assert.deepEqual(startedBy(late), ["named"]);
  assert.deepEqual(startedBy(other), []);
  assert.deepEqual([...runs.values()].at(-1)!.inputs, { why: "late" });
});

test("a trigger of the company may name the daemon that it starts", async () => {
  const id = await events.emit({ type: "outside.said", data: { text: "hello" }, source: "shop" });
  assert.deepEqual(startedBy(id), ["from-outside"]);
  const run = [...runs.values()].at(-1)!;
  assert.deepEqual([run.inputs, run.trigger.name], [{ text: "hello" }, "outside"]);
});

test("data cannot claim to come from somewhere else", async () => {
  const data = { order: "o-3", total: 1, source: "operator", data: { source: "operator" } };
  const id = await events.emit({ type: "order.paid", data, source: "stranger" });
  const fulfil = [...runs.values()].find((run) => run.trigger.by === id && run.pinned.daemon.id === "fulfil")!;
  assert.equal(fulfil.inputs["source"], "stranger");
  assert.deepEqual((await events.get(id)).data, data);
});

test("a start that fails keeps the event and says why; other daemons start", async () => {
  const broken = await events.emit({ type: "broken.thing", data: {}, source: "test" });
  assert.equal((await problemsOf(broken))[0]?.code, "invalid_input");
  const noTotal = await events.emit({ type: "order.paid", data: { order: "o-4" }, source: "shop" });
  assert.deepEqual(startedBy(noTotal).toSorted(), ["fulfil", "twice"]);
  assert.deepEqual(
    (await problemsOf(noTotal)).map((problem) => [problem.daemon, problem.code]),
    [["large", "expression_failed"]],
  );
  faults.start = fail("invalid_input", { errors: [{ pointer: "/order", message: "is required" }] });
  const refused = await events.emit({ type: "order.paid", data: { order: "o-5", total: 0 }, source: "shop" });
  faults.start = undefined;
  const problems = await problemsOf(refused);
  assert.match(problems.find((problem) => problem.daemon === "fulfil")!.message, /\/order: is required/);
  assert.equal((await events.get(refused)).id, refused);
});

test("a lost database is no answer: the event is told later, and starts nothing twice", async () => {
  faults.afterStart = fail("database_unavailable", { outcome: "unknown" });
  const id = await events.emit({ type: "order.paid", data: { order: "o-6", total: 500 }, source: "shop" });
  faults.afterStart = undefined;
  assert.deepEqual(startedBy(id), ["fulfil"]);
  assert.equal(await house.dispatch(), 0, "its teller may still be at work");
  clock.advance(31_000);
  assert.equal(await house.dispatch(), 1);
  assert.deepEqual(startedBy(id).toSorted(), ["fulfil", "large", "twice"]);
  assert.equal(await house.dispatch(), 0);
  assert.deepEqual(await problemsOf(id), []);
});

test("what nobody can tell ends as a problem after ten attempts", async () => {
  faults.start = new TypeError("a defect of ours");
  const id = await events.emit({ type: "circle.turned", data: {}, source: "test" });
  for (let i = 0; i < 12; i++) {
    clock.advance(31_000);
    await house.dispatch();
  }
  faults.start = undefined;
  assert.deepEqual(
    (await problemsOf(id)).map((problem) => problem.message),
    ["a defect of ours"],
  );
});

test("an event commits with the caller's rows, or not at all, and is told after", async () => {
  const event = { type: "order.paid", data: { order: "o-7", total: 1 }, source: "shop" };
  await assert.rejects(
    house.test.database.transaction(async (tx) => {
      await events.emit({ ...event, id: "undone" }, tx);
      throw new Error("the caller changed its mind");
    }),
    /changed its mind/,
  );
  await assert.rejects(events.get("evt_undone"), { code: "not_found" });
  const id = await house.test.database.transaction((tx) => events.emit(event, tx));
  assert.deepEqual(startedBy(id), []);
  assert.equal(await house.dispatch(), 1);
  assert.ok(startedBy(id).includes("fulfil"));
});

test("two workers tell an event once, and a dead worker's event is told by the other", async () => {
  const other = house.worker({ daemons: { fulfil: [{ kind: "event", event: "order.paid" }] } });
  const ids = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      house.test.database.transaction((tx) =>
        events.emit({ type: "order.paid", data: { order: `w-${i}`, total: 1 }, source: "shop" }, tx),
      ),
    ),
  );
  const told = await Promise.all([house.dispatch(), other.dispatch(), house.dispatch()]);
  assert.equal(
    told.reduce((a, b) => a + b),
    50,
  );
  for (const id of ids) assert.equal(startedBy(id).filter((daemon) => daemon === "fulfil").length, 1);
});

test("a circle of events and runs ends", async () => {
  let id = await events.emit({ type: "circle.turned", data: {}, source: "test" });
  let turns = 0;
  for (; turns < 100; turns++) {
    const run = [...runs.entries()].find(([, request]) => request.trigger.by === id)?.[0];
    if (!run) break;
    id = await events.emit({ type: "circle.turned", data: {}, source: `run ${run}` });
  }
  assert.equal(turns, 16);
  assert.equal((await problemsOf(id))[0]?.code, "too_many_hops");
});

test("a run that waits gets the event once; one that is gone is forgotten", async () => {
  await events.subscribe("run_waits", "event:a", "parcel.sent");
  await events.subscribe("run_waits", "event:a", "parcel.sent");
  await events.subscribe("run_waits", "event:b", "parcel.sent");
  await events.subscribe("run_gone", "event:a", "parcel.sent");
  faults.gone.add("run_gone");
  const id = await events.emit({ type: "parcel.sent", data: { parcel: "p" }, source: "post" });
  const got = [...messages.values()].filter((message) => message.key.startsWith(id));
  assert.deepEqual(got.map(({ run, topic }) => [run, topic]).toSorted(), [
    ["run_waits", "event:a"],
    ["run_waits", "event:b"],
  ]);
  assert.equal((got[0]!.message as { parcel: string }).parcel, "p");
  faults.gone.clear();
  await events.unsubscribe("run_waits");
  const second = await events.emit({ type: "parcel.sent", data: {}, source: "post" });
  assert.equal([...messages.values()].filter((message) => message.key.startsWith(second)).length, 0);
});

/** The order that the kernel relies on: subscribe, then look back. */
test("who subscribes and then looks back misses no event, however it falls", async () => {
  for (let i = 0; i < 40; i++) {
    const type = `race.n${i}`;
    const emitting = events.emit({ type, data: {}, source: "test" });
    if (i % 3 === 1) await new Promise(setImmediate);
    if (i % 3 === 2) await emitting;
    await events.subscribe(`run_race_${i}`, "t", type);
    const past = await events.past(type, clock.now());
    const id = await emitting;
    const message = [...messages.values()].some(({ run }) => run === `run_race_${i}`);
    assert.ok(message || past.some((event) => event.id === id), `event ${i}`);
  }
});

test("the past is read in order, in pages", async () => {
  const before = clock.now();
  clock.advance(1);
  const ids = [];
  for (let i = 0; i < 5; i++) {
    ids.push(await events.emit({ type: "past.thing", data: { i }, source: "test" }));
    clock.advance(1);
  }
  assert.deepEqual(
    (await events.past("past.thing", before)).map((event) => event.id),
    ids,
  );
  assert.deepEqual(
    (await events.past("past.thing", before, ids[2])).map((event) => event.id),
    ids.slice(3),
  );
  assert.deepEqual(
    (await events.past("past.thing", before + 3)).map((event) => event.id),
    ids.slice(2),
  );
  const first = await events.list({ type: "past.thing", limit: 2 });
  const second = await events.list({ type: "past.thing", limit: 9, cursor: first.next_cursor! });
  assert.deepEqual(
    [...first.items, ...second.items].map((event) => event.id),
    ids.toReversed(),
  );
  assert.equal(second.next_cursor, null);
  await assert.rejects(events.list({ limit: 2, cursor: "1; drop table event" }), { code: "invalid_input" });
});

test("what is not an event is refused, and nothing is recorded", async () => {
  const bad = [
    { type: "Order Paid", data: {} },
    { type: "", data: {} },
    { type: "a.".repeat(100), data: {} },
    { type: "a", data: [] },
    { type: "a", data: null },
  ];
  for (const event of bad) {
    await assert.rejects(events.emit({ ...event, source: "x" } as never), { code: "invalid_input" });
  }
  const large = { type: "a", data: { text: "x".repeat(300_000) }, source: "x" };
  await assert.rejects(events.emit(large), { code: "payload_too_large" });
});

test("content that databases choke on is kept as it came", async () => {
  const data = {
    "nul\u0000": "\u0000\ud800\u202e",
    __proto__x: 1,
    deep: JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`),
  };
  const id = await events.emit({ type: "odd.content", data, source: "a\u0000b" });
  assert.deepEqual((await events.get(id)).data, data);
});

test("old events are removed when told to", async () => {
  const id = await events.emit({ type: "old.thing", data: {}, source: "test" });
  clock.advance(86_400_000);
  const young = await events.emit({ type: "old.thing", data: {}, source: "test" });
  assert.ok((await events.prune(3_600_000)) > 0);
  await assert.rejects(events.get(id), { code: "not_found" });
  assert.equal((await events.get(young)).id, young);
});
