import { ok } from "node:assert/strict";
import test from "node:test";
import { durableGates } from "../support/gate-drivers.ts";
import { checkGates } from "./gates.ts";

test("gates on the durable engine", async (context) => {
  const driver = await durableGates();
  await checkGates(context, driver);
  await driver.close();
  ok(driver.worked.length > 0);
});
