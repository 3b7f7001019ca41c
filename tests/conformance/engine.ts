/**
 * What the kernel relies on, whichever engine is under it (`server/kernel/engine.ts`). Each case has a run of its own;
 * `programs` are what its runs do, by the name in their input.
 */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Json, JsonObject } from "@regent/contract";
import type { Lane, Program } from "#kernel";
import type { EngineDriver } from "../support/engine-drivers.ts";

const SHORT_MS = 300;
/** Bodies that ran, by run and step: what the outside world saw. */
const deeds: string[] = [];
const count = (deed: string): number => deeds.filter((one) => one === deed).length;
const held = new Map<string, () => void>();

type Work = (id: string, lane: Lane, input: JsonObject) => Promise<Json>;

const deed = (id: string, name: string, lane: Lane, value: Json = name): Promise<Json> =>
  lane.step(name, async () => {
    deeds.push(`${id} ${name}`);
    return value;
  });

const programs: Record<string, Work> = {
  steps: async (id, lane) => [await deed(id, "a", lane, { n: 1 }), await deed(id, "b", lane, null)],
  receives: async (id, lane, { times = 1, timeoutMs = 60_000 }) => {
    const got: Json[] = [];
    for (let i = 0; i < Number(times); i++) got.push(await lane.receive(`r${i}`, "topic", Number(timeoutMs)));
    await deed(id, "after", lane);
    return got;
  },
  parent: async (id, lane, { child }) => {
    await deed(id, "before", lane);
    return [await lane.child("child", { id: `${id}.child`, input: { program: child ?? "steps" } })];
  },
  parentOfCancelled: async (id, lane) =>
    lane.child("child", { id: `${id}.child`, input: { program: "receives" } }).catch((error: Error) => error.name),
  lanes: async (id, lane, { first = 0 }) => {
    const [quick, slow] = lane.split(2) as [Lane, Lane];
    const order = [quick, slow].map((one, i) => async () => {
      if (i !== first) await lane.receive(`wait${i}`, `go${i}`, SHORT_MS);
      return [await deed(id, `x${i}`, one), await deed(id, `y${i}`, one)];
    });
    return Promise.all(order.map((work) => work()));
  },
  holds: async (id, lane) => {
    await lane.step("held", async () => {
      deeds.push(`${id} held`);
      await new Promise<void>((resolve) => held.set(id, resolve));
      return null;
    });
    return deed(id, "never", lane);
  },
  splits: async (_id, lane) => {
    try {
      lane.split(2 ** 30);
      return "split";
    } catch (error) {
      return (error as { code?: string }).code ?? "other";
    }
  },
};

export const engineProgram: Program = ({ id, input }, lane) => {
  const given = input as JsonObject;
  return programs[String(given.program)]!(id, lane, given);
};

const start = (driver: EngineDriver, id: string, input: JsonObject): Promise<void> =>
  driver.engine.start({ id, input });

/** A lane that waits sees the cancellation when a message wakes it, as the kernel's does. */
const wake = (driver: EngineDriver, run: string): Promise<void> =>
  driver.engine.send(run, "topic", "wake", `wake ${run}`).catch(() => {});

const engineCases: Record<string, (driver: EngineDriver) => Promise<void>> = {
  async "starting an id again attaches to it: the work is done once"(driver) {
    for (let i = 0; i < 3; i++) await start(driver, "again", { program: "steps" });
    const run = await driver.ended("again");
    await start(driver, "again", { program: "steps" });
    deepEqual([run.status, run.output], ["ended", [{ n: 1 }, null]]);
    deepEqual([count("again a"), count("again b")], [1, 1]);
    deepEqual(run.input, { program: "steps" });
  },

  async "a message is kept for a run that does not wait yet"(driver) {
    await start(driver, "early", { program: "receives" });
    await driver.engine.send("early", "topic", { word: "early" }, "k1");
    deepEqual((await driver.ended("early")).output, [{ word: "early" }]);
  },

  async "a message wakes a run that waits"(driver) {
    await start(driver, "late", { program: "receives" });
    await driver.pass(50);
    await driver.engine.send("late", "other", "not this", "k1");
    await driver.pass(20);
    equal((await driver.engine.find("late"))?.status, "running");
    await driver.engine.send("late", "topic", "word", "k2");
    deepEqual((await driver.ended("late")).output, ["word"]);
  },

  async "messages come in order, each once; one key is taken once"(driver) {
    await start(driver, "keys", { program: "receives", times: 3, timeoutMs: SHORT_MS });
    await driver.engine.send("keys", "topic", "one", "k1");
    await driver.engine.send("keys", "topic", "one again", "k1");
    await driver.engine.send("keys", "topic", "two", "k2");
    deepEqual((await driver.ended("keys")).output, ["one", "two", null]);
  },

  async "a message to a run that is not there is refused"(driver) {
    await rejects(driver.engine.send("nobody", "topic", "word", "k1"), { code: "not_found" });
  },

  async "a wait ends with null when its time is over"(driver) {
    await start(driver, "timer", { program: "receives", timeoutMs: SHORT_MS });
    const run = await driver.ended("timer");
    deepEqual(run.output, [null]);
    const [waited] = await driver.engine.history("timer");
    ok(run.endedAt! - waited!.startedAt >= SHORT_MS - 5);
  },

  async "a restart does not extend a wait: its deadline is recorded once"(driver) {
    await start(driver, "deadline", { program: "receives", timeoutMs: 4 * SHORT_MS });
    await driver.pass(3 * SHORT_MS);
    await driver.restart();
    const run = await driver.ended("deadline");
    deepEqual(run.output, [null]);
    ok(run.endedAt! - run.createdAt < 7 * SHORT_MS, `${run.endedAt! - run.createdAt} ms`);
    equal(count("deadline after"), 1);
  },

  async "what was recorded is not done again after a restart"(driver) {
    await start(driver, "restarted", { program: "parent", child: "receives" });
    await driver.until(() => count("restarted before") === 1);
    await driver.until(async () => (await driver.engine.find("restarted.child")) !== null);
    await driver.restart();
    await driver.engine.send("restarted.child", "topic", "word", "k1");
    deepEqual((await driver.ended("restarted")).output, [["word"]]);
    deepEqual([count("restarted before"), count("restarted.child after")], [1, 1]);
  },

  async "a cancelled run starts nothing new, and its waits end"(driver) {
    await start(driver, "stopped", { program: "receives" });
    await driver.pass(50);
    await driver.engine.cancel("stopped");
    await wake(driver, "stopped");
    await driver.pass(100);
    const run = await driver.ended("stopped");
    deepEqual([run.status, await driver.engine.ended("stopped", 10)], ["cancelled", null]);
    equal(count("stopped after"), 0);
  },

  async "a body in flight when its run is cancelled is the last"(driver) {
    await start(driver, "held", { program: "holds" });
    await driver.until(() => held.has("held"));
    await driver.engine.cancel("held");
    held.get("held")!();
    await driver.pass(100);
    deepEqual([(await driver.ended("held")).status, count("held held"), count("held never")], ["cancelled", 1, 0]);
  },

  async "cancelling what has ended changes nothing"(driver) {
    await start(driver, "over", { program: "steps" });
    await driver.ended("over");
    await driver.engine.cancel("over");
    deepEqual([(await driver.ended("over")).status], ["ended"]);
  },

  async "a child is a run of its own, whose result is its parent's step"(driver) {
    await start(driver, "family", { program: "parent" });
    deepEqual((await driver.ended("family")).output, [[{ n: 1 }, null]]);
    equal((await driver.engine.find("family.child"))?.status, "ended");
    const history = await driver.engine.history("family");
    ok(history.some((step) => step.child === "family.child"));
  },

  async "a child that is there already is attached to"(driver) {
    await start(driver, "adopts.child", { program: "steps" });
    await driver.ended("adopts.child");
    await start(driver, "adopts", { program: "parent" });
    deepEqual((await driver.ended("adopts")).output, [[{ n: 1 }, null]]);
    equal(count("adopts.child a"), 1);
  },

  async "a child that was cancelled is an error for its parent, and recorded as one"(driver) {
    await start(driver, "bereft", { program: "parentOfCancelled" });
    await driver.until(async () => (await driver.engine.find("bereft.child"))?.status === "running");
    await driver.engine.cancel("bereft.child");
    await wake(driver, "bereft.child");
    const run = await driver.ended("bereft");
    equal(run.status, "ended");
    equal(typeof run.output, "string");
    const history = await driver.engine.history("bereft");
    deepEqual(
      history.map((step) => step.failed),
      [false, true],
    );
  },

  async "history is in order of the ids, with names, results and times"(driver) {
    await start(driver, "history", { program: "steps" });
    await driver.ended("history");
    const history = await driver.engine.history("history");
    deepEqual(
      history.map(({ name, output, failed, child }) => ({ name, output, failed, child })),
      [
        { name: "a", output: { n: 1 }, failed: false, child: null },
        { name: "b", output: null, failed: false, child: null },
      ],
    );
    ok(history[0]!.id < history[1]!.id);
    ok(history.every((step) => step.startedAt > 0 && step.startedAt <= step.endedAt));
  },

  async "ids of lanes do not depend on which lane is first"(driver) {
    const idsOf = async (id: string, first: number) => {
      await start(driver, id, { program: "lanes", first });
      await driver.ended(id);
      const history = await driver.engine.history(id);
      return Object.fromEntries(history.filter(({ name }) => /^[xy]/.test(name)).map(({ name, id }) => [name, id]));
    };
    deepEqual(await idsOf("lanes0", 0), await idsOf("lanes1", 1));
  },

  async "a lane that would be too small is refused with a code"(driver) {
    await start(driver, "splits", { program: "splits" });
    equal((await driver.ended("splits")).output, "too_many_items");
  },

  async "ended() gives the result, null when there is none in time, and refuses what is not there"(driver) {
    await start(driver, "outcome", { program: "receives" });
    equal(await driver.engine.ended("outcome", 30), null);
    await driver.engine.send("outcome", "topic", "word", "k1");
    await driver.ended("outcome");
    deepEqual(await driver.engine.ended("outcome", 1_000), ["word"]);
    await rejects(driver.engine.ended("nobody", 10), { code: "not_found" });
    equal(await driver.engine.find("nobody"), null);
  },

  async "the list is newest first, in pages; what was removed is gone"(driver) {
    for (const id of ["list1", "list2", "list3"]) {
      await start(driver, id, { program: "steps" });
      await driver.ended(id);
      await driver.pass(5);
    }
    const ids = async (offset: number, limit: number) =>
      (await driver.engine.list({ offset, limit })).map((run) => run.id).filter((id) => id.startsWith("list"));
    deepEqual(await ids(0, 2), ["list3", "list2"]);
    deepEqual(await ids(2, 1), ["list1"]);
    await driver.engine.remove(["list2"]);
    equal(await driver.engine.find("list2"), null);
    deepEqual(await ids(0, 2), ["list3", "list1"]);
    deepEqual(await driver.engine.history("list2"), []);
  },
};

export async function checkEngine(context: TestContext, driver: EngineDriver): Promise<void> {
  deeds.length = 0;
  held.clear();
  for (const [name, check] of Object.entries(engineCases)) await context.test(name, () => check(driver));
}
