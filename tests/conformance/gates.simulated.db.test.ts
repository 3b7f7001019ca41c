import { equal, ok } from "node:assert/strict";
import test from "node:test";
import { gateStage, simulatedGates } from "../support/gate-drivers.ts";
import { daemon, sequence } from "../support/kernel-world.ts";
import { checkGates } from "./gates.ts";

test("gates on the simulated engine", async (context) => {
  const driver = await simulatedGates();
  await checkGates(context, driver);
  await driver.close();
  ok(driver.worked.length > 0);
});

/** One run for each moment at which the process can end, with a person who decides as soon as they are asked. */
test("a gate survives the end of its process at any moment: asked once, decided once", async () => {
  const stages = sequence([gateStage("ok"), gateStage("again", { otherwise: "approve", expiresMs: 1_000 })]);
  for (let crashAt = 1, crashed = true; crashed; crashAt++) {
    const driver = await simulatedGates({ seed: 7, crashAt });
    await driver.start("run_crash", daemon("crash", stages));
    const { id } = await driver.asked("run_crash");
    await driver.approvals.decide(id, { verdict: "approve", by: "kim" });
    const run = await driver.ended("run_crash");
    const { items } = await driver.approvals.list({ run: "run_crash", limit: 10 });
    crashed = driver.crashes() > 0;
    await driver.close();
    equal(run.status, "succeeded", `crash at ${crashAt}`);
    equal(items.length, 2, `crash at ${crashAt}`);
    if (!crashed) ok(crashAt > 15, `${crashAt} moments`);
  }
});
