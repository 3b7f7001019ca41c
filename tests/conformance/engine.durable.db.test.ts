import test, { after } from "node:test";
import { durableEngine } from "../support/engine-drivers.ts";
import { checkEngine, engineProgram } from "./engine.ts";

test("the durable engine keeps the engine's promises", async (context) => {
  const driver = await durableEngine(engineProgram);
  after(() => driver.close());
  await checkEngine(context, driver);
});
