/** FORMATS, "What happens when": timeouts of stages and runs, joins, early events. On the real kernel, virtual clock. */
import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject, Run } from "@regent/contract";
import { daemon, sequence } from "../support/kernel-world.ts";
import { fails, gate, give, parallel, script, smallHouse, statuses, takes, wait } from "../support/small-house.ts";

const took = (run: Run): number => Date.parse(run.ended_at!) - Date.parse(run.queued_at);

describe("timeout of a stage", () => {
  test("is a failure at that moment: retried, then the fallback, then on_error", async () => {
    const house = smallHouse();
    const retry = { attempts: 2, firstMs: 100, maxMs: 100, factor: 2 };
    const run = await house.play(
      daemon("late", [takes("a", 9_000, { timeoutMs: 500, retry, fallback: [{ tool: "give" }] })]),
    );
    deepEqual([run.status, run.stages[0]!.attempt, took(run)], ["succeeded", 3, 1_100]);
    deepEqual(
      house.deeds.filter((deed) => deed.did === "stopped").map((deed) => deed.at - house.deeds[0]!.at),
      [500, 1_100],
    );
  });

  test("without anything else it fails the run, with the limit in the words", async () => {
    const run = await smallHouse().play(daemon("too-late", [takes("a", 9_000, { timeoutMs: 2_000 })]));
    deepEqual([run.status, run.error?.code, run.error?.stage], ["failed", "stage_timed_out", "a"]);
    equal(run.error?.message.includes("2s"), true);
  });

  test("of a stage with stages inside counts for all of them together", async () => {
    const house = smallHouse();
    const inner = parallel(
      "both",
      { one: sequence([takes("x", 400), takes("y", 400)]), two: [takes("z", 10)] },
      { timeoutMs: 600 },
    );
    const run = await house.play(daemon("together", [inner]));
    deepEqual(
      [run.error?.code, run.error?.stage, house.when("both.one.y", "stopped")],
      ["stage_timed_out", "both", 600],
    );
  });

  test("of a wait for an event is a failure too", async () => {
    const stages = sequence([
      wait("paid", { event: "order.paid" }, { timeoutMs: 60_000, onError: { do: "continue" } }),
      give("after", null, { input: "${stages.paid.error.code}" }),
    ]);
    const house = smallHouse();
    const run = await house.play(daemon("unpaid", stages));
    deepEqual([run.status, house.saw("after"), took(run)], ["succeeded", "stage_timed_out", 60_000]);
  });
});

describe("duration of a run", () => {
  const budget = { durationMs: 1_000 };
  test("ends it as timed_out, and what works is stopped then", async () => {
    const house = smallHouse();
    const run = await house.play(daemon("over", sequence([takes("a", 600), takes("b", 600), give("c")]), { budget }));
    deepEqual([run.status, run.error?.code, took(run)], ["timed_out", "run_timed_out", 1_000]);
    deepEqual(statuses(run), { a: "succeeded", b: "cancelled", c: "skipped" });
  });

  test("is not passed over by on_error, retry or fallback of the stage that runs", async () => {
    const retry = { attempts: 9, firstMs: 10, maxMs: 10, factor: 2 };
    const stages = [takes("a", 5_000, { retry, fallback: [{ tool: "give" }], onError: { do: "continue" } })];
    equal((await smallHouse().play(daemon("no-way-out", stages, { budget }))).status, "timed_out");
  });

  test("ends a handler too", async () => {
    const stages = [
      takes("tidy", 5_000, { handler: true }),
      fails("a", 99, { onError: { do: "goto", stage: "tidy" } }),
    ];
    const run = await smallHouse().play(daemon("untidy", stages, { budget }));
    deepEqual([run.status, run.error?.code, took(run)], ["timed_out", "run_timed_out", 1_000]);
  });

  test("counts timers and waits for events", async () => {
    for (const what of [{ for: "2s" }, { event: "never.comes" }] as JsonObject[]) {
      const run = await smallHouse().play(daemon("waits", [wait("w", what)], { budget }));
      deepEqual([run.status, took(run)], ["timed_out", 1_000]);
    }
  });

  test("does not count waiting at gates, however long and however many at once", async () => {
    const house = smallHouse();
    const stages = sequence([
      takes("draft", 400),
      parallel("ask", { one: [gate("g1")], two: [gate("g2")] }),
      takes("send", 400),
    ]);
    house.at(86_400_000, () => house.decide("run_patient", "ask.one.g1", "approve"));
    house.at(90_000_000, () => house.decide("run_patient", "ask.two.g2", "approve"));
    const run = await house.play(daemon("patient", stages, { budget }));
    deepEqual([run.status, took(run)], ["succeeded", 90_000_400]);
  });

  test("goes on counting after a gate", async () => {
    const house = smallHouse();
    const stages = sequence([takes("draft", 400), gate("ok"), takes("send", 900)]);
    house.at(5_000, () => house.decide("run_strict", "ok", "approve"));
    const run = await house.play(daemon("strict", stages, { budget }));
    deepEqual([run.status, took(run)], ["timed_out", 5_600]);
  });
});

describe("join", () => {
  const branches = { a: [takes("x", 100)], b: [takes("y", 200)], c: [takes("z", 300)] };
  test("all waits for every branch", async () => {
    const house = smallHouse();
    const run = await house.play(daemon("all", [parallel("p", { ...branches, d: [give("v", "value")] })]));
    deepEqual([run.output, took(run)], [{ a: null, b: null, c: null, d: "value" }, 300]);
  });

  for (const [join, ends] of [
    [1, 100],
    [2, 200],
  ] as const)
    test(`${join === 1 ? "any" : "2"} goes on with the first, and cancels the rest`, async () => {
      const house = smallHouse();
      const run = await house.play(daemon("some", [parallel("p", branches, { join })]));
      deepEqual([run.status, took(run)], ["succeeded", ends]);
      deepEqual(
        ["p.b.y", "p.c.z"].map((path) => house.when(path, "stopped")),
        [join === 1 ? ends : undefined, ends],
      );
    });

  test("a branch that fails does not count; too few left is a failure", async () => {
    const left = smallHouse();
    const some = await left.play(
      daemon("left", [parallel("p", { bad: [fails("x")], good: [takes("y", 50)] }, { join: 1 })]),
    );
    deepEqual([some.status, took(some)], ["succeeded", 50]);
    const none = await smallHouse().play(
      daemon("none-left", [parallel("p", { bad: [fails("x")], good: [takes("y", 50)] }, { join: 2 })]),
    );
    deepEqual([none.status, none.error?.code], ["failed", "tool_failed"]);
  });

  test("what the losers already did stays and is listed", async () => {
    const house = smallHouse();
    const race = parallel(
      "p",
      { slow: sequence([give("sent", "mail"), takes("rest", 900)]), quick: [takes("q", 50)] },
      { join: 1 },
    );
    const run = await house.play(daemon("listed", [race]));
    const sent = run.stages[0]!.stages.find((one) => one.id === "p.slow.sent");
    deepEqual([sent?.status, sent?.output], ["succeeded", "mail"]);
  });
});

describe("early event", () => {
  test("one that came between the run's start and the wait is kept for it", async () => {
    const house = smallHouse();
    house.at(100, () => house.tell("order.paid", { number: 6 }));
    house.at(200, () => house.tell("order.paid", { number: 7 }));
    const stages = sequence([
      takes("work", 5_000),
      wait("paid", { event: "order.paid", where: "event.number == 7.0" }),
      give("after", null, { input: "${paid.number}" }),
    ]);
    const run = await house.play(daemon("early", stages));
    deepEqual([run.status, house.saw("after"), took(run)], ["succeeded", 7, 5_000]);
  });

  test("one from before the run's start is another's", async () => {
    const house = smallHouse();
    await house.tell("order.paid", { number: 7 });
    house.at(1_000, () =>
      house.begin(
        "run_new",
        daemon("new", [wait("paid", { event: "order.paid" }, { timeoutMs: 500, onError: { do: "continue" } })]),
      ),
    );
    await house.play(daemon("clock", [wait("w", { for: "2s" })]));
    const run = await house.settled("run_new");
    equal(run.stages[0]!.error?.code, "stage_timed_out");
  });
});

describe("files of a run", () => {
  test("a stage begins with the files that the stage before it left; branches begin with copies", async () => {
    const house = smallHouse();
    const run = await house.play(
      daemon(
        "files",
        sequence([
          script("one"),
          give("no_files"),
          script("two"),
          parallel("p", { a: [script("x")], b: [script("y")] }),
        ]),
      ),
    );
    const left = (id: string) => `sha256:${id.padEnd(64, "_")}`;
    equal(run.status, "succeeded");
    deepEqual(["two", "p.a.x", "p.b.y"].map(house.saw), [left("one"), left("two"), left("two")]);
  });
});
