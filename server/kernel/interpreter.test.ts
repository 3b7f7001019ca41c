import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { test } from "node:test";
import { scenarios } from "../../tests/support/scenarios.ts";
import { goldenOf, play } from "../../tests/support/simulated-play.ts";

for (const scenario of scenarios) {
  test(`${scenario.name}: a run ends as declared, whatever the order`, async () => {
    const golden = await goldenOf(scenario);
    strictEqual(golden.run.status, scenario.ends);
    for (let seed = 1; seed <= 10; seed++) {
      const played = await play(scenario, { seed });
      deepStrictEqual(played.shape, golden.shape, `seed ${seed}`);
    }
  });
}

test("a stage that did not begin is shown, and one that was skipped says so", async () => {
  const golden = await goldenOf(scenarios.find((one) => one.name === "compensation")!);
  const status = Object.fromEntries(golden.run.stages.map((stage) => [stage.id, stage.status]));
  deepStrictEqual(status, { undo: "succeeded", book: "succeeded", charge: "failed", never: "skipped" });
  ok(golden.run.error?.code === "tool_failed");
});
