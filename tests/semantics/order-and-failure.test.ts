/** FORMATS, "What happens when": order, `when`, failure, evidence. On the real kernel with a virtual clock. */
import { deepEqual, equal, match } from "node:assert/strict";
import { describe, test } from "node:test";
import { daemon, sequence } from "../support/kernel-world.ts";
import { fails, gate, give, parallel, smallHouse, statuses, takes } from "../support/small-house.ts";

describe("order", () => {
  test("stages follow one another, and each sees what came before", async () => {
    const house = smallHouse();
    const run = await house.play(
      daemon(
        "line",
        sequence([takes("a", 10), give("b", "from b", { input: "${a}" }), give("c", "end", { input: "${b}" })]),
      ),
    );
    deepEqual(house.began(), ["a", "b", "c"]);
    deepEqual([run.status, run.output, house.saw("c")], ["succeeded", "end", "from b"]);
  });

  test("in a graph a stage waits for what it needs and for nothing else", async () => {
    const house = smallHouse();
    await house.play(
      daemon("graph", [
        takes("slow", 1_000),
        takes("quick", 10),
        give("after_quick", null, { needs: ["quick"] }),
        give("after_both", null, { needs: ["slow", "quick"] }),
        give("alone"),
      ]),
    );
    deepEqual(
      ["alone", "after_quick", "after_both"].map((id) => house.when(id)),
      [0, 10, 1_000],
    );
  });

  test("a stage sees outputs of what it needs, not of what happens to be done", async () => {
    const house = smallHouse();
    const run = await house.play(
      daemon("blind", [give("a", 1), takes("b", 100), give("c", null, { needs: ["b"], input: "${has(stages.a)}" })]),
    );
    equal(run.status, "succeeded");
    equal(house.saw("c"), false);
  });
});

describe("when is false", () => {
  test("the stage is skipped, its output is null, and stages that need it go on", async () => {
    const house = smallHouse();
    const run = await house.play(
      daemon(
        "skips",
        sequence([
          give("a", 1),
          give("b", 2, { when: "a > 5.0", output: "named" }),
          give("c", "c", { input: ["${b}", "${named}"] }),
        ]),
      ),
    );
    deepEqual(statuses(run), { a: "succeeded", b: "skipped", c: "succeeded" });
    deepEqual(house.saw("c"), [null, null]);
    deepEqual(house.began(), ["a", "c"]);
  });

  test("a condition that cannot be reckoned is a failure that names the field", async () => {
    const run = await smallHouse().play(
      daemon("unclear", sequence([give("a", {}), give("b", 1, { when: "a.count > 3.0" })])),
    );
    deepEqual([run.status, run.error?.code, run.error?.stage], ["failed", "expression_failed", "b"]);
    match(run.error!.message, /count/);
  });
});

describe("failure", () => {
  test("retries first, each wait longer than the one before, up to the longest", async () => {
    const house = smallHouse();
    const retry = { attempts: 5, firstMs: 100, maxMs: 300, factor: 2 };
    const run = await house.play(daemon("retries", [fails("a", 4, { retry })]));
    equal(run.status, "succeeded");
    const begins = house.deeds.filter((deed) => deed.did === "begins").map((deed) => deed.at);
    deepEqual(
      begins.map((at) => at - begins[0]!),
      [0, 100, 300, 600, 900],
    );
    equal(run.stages[0]!.attempt, 5);
  });

  test("then the fallbacks in order, each in place of the tool and with all the rest", async () => {
    const house = smallHouse();
    const retry = { attempts: 2, firstMs: 10, maxMs: 10, factor: 2 };
    const run = await house.play(
      daemon("falls-back", [
        fails("a", 99, {
          retry,
          with: "kept",
          fallback: [{ tool: "fails 99" }, { tool: "give" }, { tool: "takes 9" }],
        }),
      ]),
    );
    deepEqual([run.status, run.output, run.stages[0]!.attempt], ["succeeded", "kept", 4]);
  });

  test("then on_error: fail ends the run and cancels what runs beside it", async () => {
    const house = smallHouse();
    const run = await house.play(
      daemon("falls", [
        takes("first", 10),
        fails("bad", 99, { needs: ["first"] }),
        takes("beside", 5_000),
        gate("open"),
        give("after", 1, { needs: ["bad"] }),
      ]),
    );
    deepEqual([run.status, run.error?.code, run.error?.stage], ["failed", "tool_failed", "bad"]);
    deepEqual(statuses(run), {
      first: "succeeded",
      bad: "failed",
      beside: "cancelled",
      open: "cancelled",
      after: "skipped",
    });
    equal(house.when("beside", "stopped"), 10);
  });

  test("on_error: continue gives null and leaves the error to be read", async () => {
    const house = smallHouse();
    const run = await house.play(
      daemon(
        "goes-on",
        sequence([
          fails("a", 99, { onError: { do: "continue" } }),
          give("b", 1, { input: ["${a}", "${stages.a.error.code}"] }),
        ]),
      ),
    );
    equal(run.status, "succeeded");
    deepEqual(statuses(run), { a: "failed", b: "succeeded" });
    deepEqual(house.saw("b"), [null, "tool_failed"]);
  });

  test("on_error: a handler ends the run with it; it knows the error and what came before, and never runs otherwise", async () => {
    const handled = (goes: boolean) =>
      daemon(goes ? "handled" : "unhandled", [
        give("tidy", "tidied", { handler: true, input: ["${error.code}", "${error.stage}", "${a}"] }),
        ...sequence([
          give("a", "done"),
          goes ? fails("b", 99, { onError: { do: "goto", stage: "tidy" } }) : give("b"),
          give("c"),
        ]),
      ]);
    const house = smallHouse();
    const run = await house.play(handled(true));
    deepEqual([run.status, run.error?.code, run.output], ["failed", "tool_failed", "tidied"]);
    deepEqual(house.saw("tidy"), ["tool_failed", "b", "done"]);
    deepEqual(house.began(), ["a", "b", "tidy"]);
    const other = smallHouse();
    const well = await other.play(handled(false));
    deepEqual([well.status, other.began()], ["succeeded", ["a", "b", "c"]]);
  });

  test("a handler that fails too is told with the first failure", async () => {
    const stages = [fails("tidy", 99, { handler: true }), fails("a", 99, { onError: { do: "goto", stage: "tidy" } })];
    const run = await smallHouse().play(daemon("worse", stages));
    equal(run.error?.stage, "a");
    match(run.error!.message, /handler tidy failed too/);
  });

  test("inside a branch it fails the branches beside it and the stage around them, whose on_error counts", async () => {
    const house = smallHouse();
    const run = await house.play(
      daemon(
        "inner",
        sequence([
          parallel(
            "both",
            { bad: sequence([takes("w", 10), fails("x")]), good: [takes("y", 900)] },
            { onError: { do: "continue" } },
          ),
          give("after", 1, { input: "${stages.both.error.code}" }),
        ]),
      ),
    );
    deepEqual([run.status, house.saw("after"), house.when("both.good.y", "stopped")], ["succeeded", "tool_failed", 10]);
  });
});

describe("evidence is false", () => {
  const evidence = ["output.size() > 3"];
  test("is a failure like any other: retried, then the fallback, then on_error", async () => {
    const house = smallHouse();
    const retry = { attempts: 2, firstMs: 10, maxMs: 10, factor: 2 };
    const run = await house.play(
      daemon("proves", [give("a", "no", { evidence, retry, fallback: [{ with: "long enough" }] })]),
    );
    deepEqual([run.status, run.output, run.stages[0]!.attempt], ["succeeded", "long enough", 3]);
    const bad = await smallHouse().play(daemon("does-not", [give("a", "no", { evidence })]));
    deepEqual([bad.status, bad.error?.code], ["failed", "evidence_false"]);
    match(bad.error!.message, /output\.size\(\) > 3/);
  });
});
