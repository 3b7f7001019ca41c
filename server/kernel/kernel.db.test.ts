import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { after, test } from "node:test";
import type { Daemon, Json } from "@regent/contract";
import { testDatabase } from "#testing";
import { type KernelApp, startKernel, withEngine } from "../../tests/support/kernel-app.ts";
import { daemon, sequence, stage } from "../../tests/support/kernel-world.ts";
import { scenarioPerformers, scenarios } from "../../tests/support/scenarios.ts";

let effects = 0;
let working = 0;
let mostAtWork = 0;
let started: KernelApp | undefined;
after(() => started?.close());
const { url, pool } = await testDatabase({ prepare: withEngine });
const app = await startKernel({
  url,
  performers: scenarioPerformers({
    leave: async () => effects++,
    async sleep(ms, signal) {
      working += 1;
      mostAtWork = Math.max(mostAtWork, working);
      try {
        await new Promise((resolve, reject) => {
          const timer = setTimeout(resolve, ms);
          signal.addEventListener("abort", () => {
            clearTimeout(timer);
            reject(signal.reason);
          });
        });
      } finally {
        working -= 1;
      }
    },
  }),
});
started = app;
const { kernel } = app;

const work = (id: string, rest: Record<string, unknown> = {}) =>
  stage({ id, type: "tool", tool: "work", with: {}, ...rest } as never);
const gate = (id: string, rest: Record<string, unknown> = {}) =>
  stage({
    id,
    type: "gate",
    ask: "Go on?",
    show: [],
    who: "approver",
    otherwise: "reject",
    onReject: { do: "fail" },
    ...rest,
  } as never);

const begin = (one: Daemon, inputs = {}, priority?: number) =>
  kernel.start({
    pinned: app.pinned(one),
    inputs,
    trigger: { kind: "manual" },
    ...(priority === undefined ? {} : { priority }),
  });

async function until<T>(look: () => Promise<T>, fits: (seen: T) => boolean, what: string): Promise<T> {
  for (const deadline = Date.now() + 10_000; ; ) {
    const seen = await look();
    if (fits(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`never saw ${what}: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const statusOf = (run: string) => () =>
  kernel.get(run).then(
    (one) => one.status,
    () => "not there",
  );

test("every scenario ends on the durable engine as on the simulated one", async () => {
  const runs = await Promise.all(
    scenarios
      .filter((scenario) => scenario.outside === undefined)
      .map(async (scenario) => {
        const pinned = app.pinned(scenario.daemon, scenario.children);
        const id = await kernel.start({ pinned, inputs: {}, trigger: { kind: "manual" } });
        return [scenario, await kernel.settled(id, 20_000)] as const;
      }),
  );
  for (const [scenario, run] of runs) strictEqual(run.status, scenario.ends, scenario.name);
});

test("starting an id again is the same run", async () => {
  const pinned = app.pinned(scenarios[0]!.daemon);
  const request = { id: "run_again", pinned, inputs: {}, trigger: { kind: "manual" as const } };
  await Promise.all([kernel.start(request), kernel.start(request), kernel.start(request)]);
  const run = await kernel.settled("run_again", 10_000);
  deepStrictEqual(
    run.stages.map((one) => one.steps.length),
    [1, 1, 1, 1],
  );
});

test("inputs that do not fit make no run", async () => {
  await rejects(begin(scenarios[0]!.daemon, { nonsense: 1 }), { code: "invalid_input" });
  await rejects(kernel.get("run_unknown"), { code: "not_found" });
});

test("a daemon that lacks something is refused at start, with the words", async () => {
  const lacking = daemon("lacking", [
    work("a", { missing: ["the connection stripe"] }),
    stage({ id: "b", type: "rule", rules: [] } as never),
  ]);
  await rejects(begin(lacking), (error: Error) => {
    ok(error.message.includes("the connection stripe"), error.message);
    return error.message.includes("stages of type rule");
  });
});

test("a cancelled run stops within a second and starts nothing more", async () => {
  const id = await begin(daemon("long-work", sequence([work("slow", { tool: "slow 20000" }), work("never")])));
  await until(
    async () => working,
    (count) => count > 0,
    "the slow stage at work",
  );
  const before = performance.now();
  await kernel.cancel(id, "operator", "not needed");
  await until(
    async () => working,
    (count) => count === 0,
    "the slow stage stopped",
  );
  ok(performance.now() - before < 1_000, `${performance.now() - before} ms`);
  const run = await kernel.get(id);
  strictEqual(run.status, "cancelled");
  deepStrictEqual(
    run.stages.map((one) => one.status),
    ["cancelled", "skipped"],
  );
  await kernel.cancel(id, "operator");
  await until(
    async () => (await kernel.list({ limit: 200 })).items.find((one) => one.id === id)?.status,
    (status) => status === "cancelled",
    "the row cancelled",
  );
});

test("cancelling a run cancels the runs below it, also while they wait", async () => {
  const child = daemon("waiting-child", [gate("ok")]);
  const parent = daemon("waiting-parent", [
    stage({ id: "below", type: "daemon", daemon: "waiting-child", with: {} } as never),
  ]);
  const id = await kernel.start({ pinned: app.pinned(parent, [child]), inputs: {}, trigger: { kind: "manual" } });
  const below = (
    await until(
      () => kernel.get(id),
      (run) => run.stages[0]?.child !== null,
      "the child",
    )
  ).stages[0]!.child!;
  await until(statusOf(below), (status) => status === "waiting", "the child waiting");
  await kernel.cancel(id, "operator");
  strictEqual((await kernel.get(below)).status, "cancelled");
});

test("a paused run starts no stage until it is resumed", async () => {
  const id = await begin(daemon("pausable", sequence([gate("first"), work("then")])));
  await until(statusOf(id), (status) => status === "waiting", "waiting");
  await kernel.pause(id, "operator");
  strictEqual((await kernel.get(id)).status, "paused");
  await kernel.send(id, "gate:first", { verdict: "approve" }, "decision");
  await until(
    () => kernel.get(id),
    (run) => run.stages[0]!.status === "succeeded",
    "the gate decided",
  );
  strictEqual((await kernel.get(id)).stages[1]!.status, "paused");
  await kernel.resume(id, "operator");
  strictEqual((await kernel.settled(id, 10_000)).status, "succeeded");
  await rejects(kernel.resume(id, "operator"), { code: "run_has_ended" });
});

test("a replay takes over what came before the chosen stage, and a fork may change inputs", async () => {
  const inputs = [{ name: "word", type: "string" as const, required: true }];
  const one = daemon(
    "replayed",
    [
      work("top"),
      work("left", { needs: ["top"], input: "${word}" }),
      work("right", { needs: ["top"] }),
      work("end", { needs: ["left", "right"], input: "${left}" }),
    ],
    { inputs },
  );
  const first = await kernel.settled(await begin(one, { word: "alt" }), 10_000);
  const replay = await kernel.settled(
    await kernel.replay({ run: first.id, from: "left", set: { word: "new" }, by: "operator" }),
    10_000,
  );
  strictEqual(replay.status, "succeeded");
  strictEqual(replay.forked_from, first.id);
  const output = (run: typeof first, id: string) =>
    run.stages.find((stage) => stage.id === id)!.output as { n: number; saw: Json };
  deepStrictEqual(output(replay, "top"), output(first, "top"));
  deepStrictEqual(output(replay, "right"), output(first, "right"));
  strictEqual(output(replay, "left").saw, "new");
  ok(output(replay, "left").n !== output(first, "left").n);
  const comparison = await kernel.compare(first.id, replay.id);
  deepStrictEqual(
    comparison.stages.filter((row) => !row.same).map((row) => row.id),
    ["left", "end"],
  );
  deepStrictEqual(comparison.inputs, [{ name: "word", a: "alt", b: "new" }]);
  await rejects(kernel.replay({ run: first.id, from: "nowhere", by: "operator" }), { code: "not_found" });
});

test("a replay runs on a newer version where it is given one", async () => {
  const old = daemon("growing", sequence([work("a"), work("b")]));
  const first = await kernel.settled(await begin(old), 10_000);
  const grown = daemon("growing", sequence([work("a"), work("c"), work("b")]), { version: "2.0.0" });
  const replay = await kernel.settled(
    await kernel.replay({ run: first.id, from: "b", pinned: app.pinned(grown), by: "operator" }),
    10_000,
  );
  strictEqual(replay.daemon.version, "2.0.0");
  deepStrictEqual(
    replay.stages.map((one) => [one.id, one.steps.length]),
    [
      ["a", 0],
      ["c", 1],
      ["b", 1],
    ],
  );
});

test("a concurrency key lets so many runs work at a time, the urgent first, and a waiting run gives its place back", async () => {
  mostAtWork = 0;
  const one = daemon(
    "keyed",
    sequence([work("slow", { tool: "slow 60" }), gate("ok"), work("slow2", { tool: "slow 60" })]),
    {
      inputs: [{ name: "customer", type: "string", required: true }],
      concurrency: { key: "${inputs.customer}", limit: 2, holdWhileWaiting: false },
    },
  );
  const runs = await Promise.all(Array.from({ length: 6 }, () => begin(one, { customer: "x" })));
  for (const run of runs) await until(statusOf(run), (status) => status === "waiting", "all six at their gates");
  for (const run of runs) await kernel.send(run, "gate:ok", { verdict: "approve" }, "decision");
  for (const run of runs) strictEqual((await kernel.settled(run, 20_000)).status, "succeeded");
  ok(mostAtWork <= 2, `${mostAtWork} at a time`);
});

test("a run goes on when every connection to the database was cut", async () => {
  const id = await begin(daemon("cut", sequence([work("slow", { tool: "slow 300" }), gate("ok"), work("end")])));
  await until(
    async () => working,
    (count) => count > 0,
    "the slow stage at work",
  );
  await pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await until(statusOf(id), (status) => status === "waiting", "the gate");
  await pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await until(
    () =>
      kernel.send(id, "gate:ok", { verdict: "approve" }, "decision").then(
        () => true,
        () => false,
      ),
    Boolean,
    "the decision taken",
  );
  strictEqual((await kernel.settled(id, 20_000)).status, "succeeded");
});

test("the lists can be dropped and rebuilt from the engine's record", async () => {
  await until(
    async () => (await kernel.list({ limit: 200 })).items.every((run) => run.ended_at !== null),
    Boolean,
    "all rows written",
  );
  const before = (await kernel.list({ limit: 200 })).items;
  ok(before.length > 20);
  strictEqual((await kernel.rebuild()).runs >= before.length, true);
  deepStrictEqual((await kernel.list({ limit: 200 })).items, before);
});

test("a row that its process could not write any more is written by another", async () => {
  const lost = (await kernel.list({ limit: 1 })).items[0]!;
  await pool.query("delete from run where id = $1", [lost.id]);
  const other = await startKernel({ url, performers: {}, works: false, executor: "other" });
  const find = async () => (await other.kernel.list({ limit: 200 })).items.find((one) => one.id === lost.id);
  deepStrictEqual(await until(find, (row) => row !== undefined, "the row again"), lost);
  await other.close();
});

test("lists come in pages, newest first, each run once", async () => {
  const seen: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await kernel.list({ limit: 7, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...page.items.map((run) => run.id));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  strictEqual(new Set(seen).size, seen.length);
  strictEqual(seen.length, (await kernel.list({ limit: 200 })).items.length);
  await rejects(kernel.list({ limit: 7, cursor: "bad" }), { code: "invalid_input" });
});

test("pruning removes what has ended and leaves what goes on", async () => {
  const open = await begin(daemon("kept", [gate("ok")]));
  await until(statusOf(open), (status) => status === "waiting", "waiting");
  const ended = await kernel.settled(await begin(scenarios[0]!.daemon), 10_000);
  const rowOf = async () => (await kernel.list({ limit: 200 })).items.find((one) => one.id === ended.id);
  await until(rowOf, (row) => row !== undefined && row.ended_at !== null, "the row's end");
  await new Promise((resolve) => setTimeout(resolve, 5));
  ok((await kernel.prune(0)) > 20);
  await rejects(kernel.get(ended.id), { code: "not_found" });
  strictEqual((await kernel.get(open)).status, "waiting");
  await kernel.cancel(open, "operator");
});
