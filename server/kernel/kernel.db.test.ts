import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { after, test } from "node:test";
import { testDatabase } from "#testing";
import { startKernel } from "../../tests/support/kernel-app.ts";
import { scenarioPerformers, scenarios } from "../../tests/support/scenarios.ts";

let effects = 0;
const { url } = await testDatabase();
const app = await startKernel({
  url,
  performers: scenarioPerformers({
    leave: async () => effects++,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  }),
});
after(() => app.close());

test("a run goes through its stages and its page shows every step", async () => {
  const linear = scenarios[0]!;
  const id = await app.kernel.start({ pinned: app.pinned(linear.daemon), inputs: {}, trigger: { kind: "manual" } });
  const run = await app.kernel.settled(id, 10_000);
  strictEqual(run.status, "succeeded");
  deepStrictEqual(
    run.stages.map((stage) => [stage.id, stage.status, stage.steps.length]),
    [
      ["a", "succeeded", 1],
      ["b", "succeeded", 1],
      ["c", "succeeded", 1],
      ["d", "succeeded", 1],
    ],
  );
});
