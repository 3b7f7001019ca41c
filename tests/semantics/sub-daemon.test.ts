/** FORMATS, "What happens when", for a daemon inside a daemon: its time is its parent's time. */
import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { daemon, sequence, stage } from "../support/kernel-world.ts";
import { play } from "../support/simulated-play.ts";
import { fails, gate, give, smallHouse, statuses, takes, wait } from "../support/small-house.ts";

const below = (rest: Record<string, unknown> = {}) =>
  stage({ id: "below", type: "daemon", daemon: "child", with: {}, ...rest } as never);

test("a child's output is the stage's, and its failure is the stage's failure", async () => {
  const well = await smallHouse().play(daemon("parent", [below()]), {}, [daemon("child", [give("x", "made")])]);
  deepEqual([well.status, well.output], ["succeeded", "made"]);
  const house = smallHouse();
  const ill = await house.play(
    daemon(
      "parent",
      sequence([below({ onError: { do: "continue" } }), give("after", null, { input: "${stages.below.error.code}" })]),
    ),
    {},
    [daemon("child", [fails("x")])],
  );
  deepEqual([ill.status, house.saw("after")], ["succeeded", "sub_daemon_failed"]);
});

for (const [what, child] of [
  ["works", takes("x", 9_000)],
  ["waits", wait("x", { for: "9s" })],
] as const) {
  test(`a timeout ends the child while it ${what}, and is a failure of the stage`, async () => {
    const house = smallHouse();
    const stages = sequence([
      below({ timeoutMs: 500, onError: { do: "continue" } }),
      give("after", null, { input: "${stages.below.error.code}" }),
    ]);
    const run = await house.play(daemon("parent", stages), {}, [daemon("child", [child])]);
    deepEqual([run.status, house.saw("after"), house.when("after")], ["succeeded", "stage_timed_out", 500]);
    const inner = (await house.engine.read(run.stages[0]!.child!)).run;
    deepEqual([inner.status, statuses(inner)], ["timed_out", { x: "cancelled" }]);
  });

  test(`the parent's duration ends while the child ${what}`, async () => {
    const run = await smallHouse().play(
      daemon("parent", sequence([takes("first", 300), below()]), { budget: { durationMs: 1_000 } }),
      {},
      [daemon("child", [child])],
    );
    deepEqual([run.status, Date.parse(run.ended_at!) - Date.parse(run.queued_at)], ["timed_out", 1_000]);
  });
}

test("a gate in the child does not count towards the parent's duration, then or later", async () => {
  const house = smallHouse();
  const child = daemon("child", sequence([takes("x", 300), gate("ok"), takes("y", 300)]));
  const parent = daemon("parent", sequence([below(), takes("z", 300)]), { budget: { durationMs: 1_000 } });
  house.at(50_000, () => house.decide("run_parent.below.1", "ok", "approve"));
  const run = await house.play(parent, {}, [child]);
  deepEqual([run.status, house.when("z", "ends")], ["succeeded", 50_600]);
});

test("a grandchild has what time is left above it", async () => {
  const grand = daemon("child", [takes("x", 9_000)]);
  const middle = daemon("middle", sequence([takes("m", 200), below()]));
  const top = daemon(
    "top",
    sequence([takes("t", 200), stage({ id: "mid", type: "daemon", daemon: "middle", with: {} } as never)]),
    {
      budget: { durationMs: 1_000 },
    },
  );
  const house = smallHouse();
  const run = await house.play(top, {}, [middle, grand]);
  deepEqual([run.status, house.when("x", "stopped")], ["timed_out", 1_000]);
});

test("when a stage beside it fails, the child is cancelled", async () => {
  const house = smallHouse();
  const run = await house.play(
    daemon("parent", [takes("first", 100), fails("bad", 99, { needs: ["first"] }), below()]),
    {},
    [daemon("child", [takes("x", 9_000)])],
  );
  deepEqual([run.status, statuses(run)], ["failed", { first: "succeeded", bad: "failed", below: "cancelled" }]);
  equal((await house.engine.read(run.stages[2]!.child!)).run.status, "cancelled");
  equal(house.when("x", "stopped"), 100);
});

/** Who stopped the child cannot be seen from its end alone, so it is recorded; else a replay would go another way. */
for (const [name, scenario] of Object.entries({
  "whose sibling failed": daemon("parent", [
    working("first", "slow 100"),
    working("bad", "fails 9", { needs: ["first"] }),
    below({ onError: { do: "continue" } }),
    working("never", "work", { needs: ["below"] }),
  ]),
  "that is out of time": daemon(
    "parent",
    sequence([below({ timeoutMs: 500, onError: { do: "continue" } }), working("after", "work")]),
  ),
}))
  test(`a child ${name} ends the same when the process ends at any moment`, async () => {
    const children = [daemon("child", sequence([working("x", "work"), working("y", "slow 9000")]))];
    const story = { name, daemon: scenario, children, ends: "failed" as const };
    const golden = await play(story, { seed: 3, maxCrashes: 0 });
    for (let at = 1; at <= golden.moments; at++) {
      const { shape, crashes } = await play(story, { seed: 3, crash: (_moment, count) => count === at });
      deepEqual([shape, crashes], [golden.shape, 1], `crash at ${at}`);
    }
  });

function working(id: string, tool: string, rest: Record<string, unknown> = {}) {
  return stage({ id, type: "tool", tool, with: {}, ...rest } as never);
}
