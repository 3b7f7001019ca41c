/** FORMATS, "What happens when": pause, cancel, versions, concurrency, replay. The kernel on PostgreSQL, real approvals. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { Daemon, Json, Run } from "@regent/contract";
import type { Job, StepControl } from "#kernel";
import { testDatabase } from "#testing";
import { startKernel, withEngine } from "../support/kernel-app.ts";
import { daemon, sequence, stage } from "../support/kernel-world.ts";
import { gate, give, script } from "../support/small-house.ts";

const began: string[] = [];
const frozen: string[] = [];
const finish = new Map<string, () => void>();
let atWork = 0;
let mostAtWork = 0;

/** `holds` works until the test says so, or until it is stopped; like a script it can be frozen. */
async function hold(job: Job, { signal, freeze }: StepControl): Promise<void> {
  const key = `${job.run.id} ${job.path}`;
  const forget = freeze.onChange((on) => frozen.push(`${job.path} ${on ? "frozen" : "thawed"}`));
  await new Promise<void>((resolve, reject) => {
    finish.set(key, resolve);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  }).finally(forget);
}

const database = await testDatabase({ prepare: withEngine });
const app = await startKernel({
  url: database.url,
  gates: true,
  performers: {
    tool: {
      async perform(one, job) {
        const output = await job.step<Json>("work", one.id, async (control) => {
          began.push(`${job.run.id} ${job.path}`);
          atWork += 1;
          mostAtWork = Math.max(mostAtWork, atWork);
          try {
            if (one.tool === "holds") await hold(job, control);
            return { value: job.render(one.with) };
          } finally {
            atWork -= 1;
          }
        });
        return { output };
      },
    },
    script: {
      async perform(one, job) {
        const tree = `sha256:${`${job.run.id.length}${one.id}`.padEnd(64, "_").slice(0, 64)}` as const;
        return { output: await job.step<Json>("script", one.id, async () => ({ value: job.tree })), tree };
      },
    },
  },
});
after(async () => {
  await app.close();
  await database.close();
});
const { kernel } = app;
const holds = (id: string) => give(id, null, { tool: "holds" });

const begin = (run: string, one: Daemon, inputs = {}, children: Daemon[] = []): Promise<string> =>
  kernel.start({ id: run, pinned: app.pinned(one, children), inputs, trigger: { kind: "manual" } });
async function until<T>(look: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (const deadline = Date.now() + 10_000; ; ) {
    const seen = await look();
    if (seen) return seen as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`never came: ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const statuses = async (run: string): Promise<string[]> => (await kernel.get(run)).stages.map((one) => one.status);
const asked = (run: string) =>
  until(async () => (await app.approvals.list({ run, status: "open", limit: 1 })).items[0]);
const left = (run: Run, id: string): string => `sha256:${`${run.id.length}${id}`.padEnd(64, "_")}`;

describe("pause", () => {
  test("no new stage starts, what can be frozen is, running steps finish, and a gate can be decided meanwhile", async () => {
    const stages = [
      gate("ok"),
      give("then", 1, { needs: ["ok"] }),
      holds("script"),
      give("next", 1, { needs: ["script"] }),
    ];
    await begin("run_pause", daemon("pause", stages));
    const question = await asked("run_pause");
    await until(() => finish.has("run_pause script"));
    await kernel.pause("run_pause", "kim");
    await until(() => frozen.includes("script frozen"));
    await app.approvals.decide(question.id, { verdict: "approve", by: "kim" });
    finish.get("run_pause script")!();
    await until(async () => (await statuses("run_pause"))[2] === "succeeded");
    await until(async () => (await statuses("run_pause"))[0] === "succeeded");
    equal((await kernel.get("run_pause")).status, "paused");
    ok(!began.includes("run_pause then") && !began.includes("run_pause next"));
    await kernel.resume("run_pause", "kim");
    const run = await kernel.settled("run_pause", 10_000);
    deepEqual([run.status, run.stages.map((one) => one.status)], ["succeeded", Array(4).fill("succeeded")]);
  });

  test("timers keep their moment", async () => {
    const nap = stage({ id: "nap", type: "wait", wait: { for: "300ms" } } as never);
    await begin("run_nap", daemon("nap", sequence([nap, give("then")])));
    await until(async () => (await kernel.get("run_nap").catch(() => null))?.status === "waiting");
    await kernel.pause("run_nap", "kim");
    await until(async () => (await statuses("run_nap"))[0] === "succeeded");
    equal((await kernel.get("run_nap")).status, "paused");
    await kernel.resume("run_nap", "kim");
    equal((await kernel.settled("run_nap", 10_000)).status, "succeeded");
  });
});

test("cancel: what runs stops within a second, the question is withdrawn, and nothing new begins", async () => {
  const stages = [holds("script"), gate("ok"), give("later", 1, { needs: ["script"] })];
  await begin("run_cancel", daemon("cancel", stages));
  const question = await asked("run_cancel");
  await until(() => finish.has("run_cancel script"));
  const before = performance.now();
  await kernel.cancel("run_cancel", "kim");
  await until(() => atWork === 0);
  ok(performance.now() - before < 1_000);
  equal((await app.approvals.get(question.id)).state, "withdrawn");
  deepEqual(await statuses("run_cancel"), ["cancelled", "cancelled", "skipped"]);
  ok(!began.includes("run_cancel later"));
});

test("versions: a run goes on with the daemon and the child that it began with", async () => {
  const below = stage({ id: "below", type: "daemon", daemon: "child", with: {} } as never);
  const child = (word: string) => daemon("child", [give("say", word)], { version: word === "old" ? "1.0.0" : "2.0.0" });
  const parent = (word: string) =>
    daemon("parent", sequence([gate("ok"), below, give("own", word)]), { output: ["${below}", "${own}"] });
  await begin("run_old", parent("old"), {}, [child("old")]);
  const question = await asked("run_old");
  await begin("run_new", parent("new"), {}, [child("new")]);
  await app.approvals.decide((await asked("run_new")).id, { verdict: "approve", by: "kim" });
  deepEqual((await kernel.settled("run_new", 10_000)).output, ["new", "new"]);
  await app.approvals.decide(question.id, { verdict: "approve", by: "kim" });
  deepEqual((await kernel.settled("run_old", 10_000)).output, ["old", "old"]);
});

describe("concurrency", () => {
  const keyed = (holdWhileWaiting: boolean) =>
    daemon(holdWhileWaiting ? "holding" : "letting-go", sequence([give("first"), gate("ok"), give("last")]), {
      concurrency: { key: "one", limit: 1, holdWhileWaiting },
    });

  test("a run that waits at a gate lets go of its place", async () => {
    for (const run of ["run_a", "run_b"]) await begin(run, keyed(false));
    await asked("run_a");
    await app.approvals.decide((await asked("run_b")).id, { verdict: "approve", by: "kim" });
    equal((await kernel.settled("run_b", 10_000)).status, "succeeded");
    await kernel.cancel("run_a", "kim");
  });

  test("unless hold_while_waiting says that it keeps it", async () => {
    await begin("run_c", keyed(true));
    const question = await asked("run_c");
    await begin("run_d", keyed(true));
    await new Promise((resolve) => setTimeout(resolve, 300));
    ok(!began.includes("run_d first"));
    await app.approvals.decide(question.id, { verdict: "approve", by: "kim" });
    await app.approvals.decide((await asked("run_d")).id, { verdict: "approve", by: "kim" });
    equal((await kernel.settled("run_d", 10_000)).status, "succeeded");
  });
});

test("replay: results before the chosen stage are reused, with the files as they were there", async () => {
  const one = daemon(
    "files",
    sequence([give("word", "first"), script("draft"), script("polish"), give("end", "${polish}")]),
  );
  await begin("run_files", one);
  const first = await kernel.settled("run_files", 10_000);
  equal(first.status, "succeeded");
  const id = await kernel.replay({ id: "run_replayed_files", run: first.id, from: "polish", by: "kim" });
  const replay = await kernel.settled(id, 10_000);
  deepEqual([replay.status, replay.forked_from], ["succeeded", first.id]);
  equal(replay.stages[2]!.output, left(first, "draft"));
  deepEqual(
    replay.stages.map((stage) => stage.steps.length),
    [0, 0, 1, 1],
  );
});
