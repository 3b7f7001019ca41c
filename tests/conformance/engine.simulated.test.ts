import test from "node:test";
import { simulatedEngine } from "../support/engine-drivers.ts";
import { checkEngine, engineProgram } from "./engine.ts";

for (const seed of [1, 2, 3])
  test(`the simulated engine keeps the engine's promises, seed ${seed}`, async (context) => {
    await checkEngine(context, await simulatedEngine(engineProgram, seed));
  });
