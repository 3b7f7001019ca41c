/** What the README promises for the first five minutes, with real processes, a real database and the shipped samples. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type WholeRegent, wholeRegent } from "../support/whole-regent.ts";

interface StageView {
  name: string;
  status: string;
  attempt: number;
  stages?: StageView[];
}

describe("the first five minutes", () => {
  test("notes become an article: it stops at its gate, a person approves, and it is published", async () => {
    const regent = await wholeRegent();
    await regent.start();
    const started = await regent.regent(
      "run",
      "blog-pipeline",
      "--input",
      "notes=company/market/samples/notes",
      "--json",
    );
    deepEqual([started.code, started.json().status], [4, "waiting"], started.stderr);

    const [approval, ...others] = (await regent.regent("approvals", "list", "--json")).json().items;
    equal(others.length, 0);
    match(approval.ask, /^Publish "/);
    equal((await regent.regent("approvals", "approve", approval.id)).code, 0);

    const ended = await regent.regent("runs", "watch", started.json().id, "--json");
    deepEqual([ended.code, ended.json().status], [0, "succeeded"], ended.stderr);
    ok(ended.json().output.some(({ path }: { path: string }) => path.startsWith("published/")));
  });

  test("the machine dies in the middle of a run, and the run ends as if nothing had been", async () => {
    const regent = await wholeRegent();
    await regent.start();
    const file = "docs/examples/slow-count.daemon.yaml";
    const started = await regent.regent("run", file, "--input", "many=8", "--detach", "--json");
    equal(started.code, 0, started.stderr);
    const { id } = started.json();
    const before = await untilCounted(regent, id, 3);
    await regent.killMachine();
    await regent.start();
    const ended = await regent.regent("runs", "watch", id, "--json");
    deepEqual([ended.code, ended.json().status, ended.json().output], [0, "succeeded", 36], ended.stderr);

    const after = countsIn(ended.json().stages);
    equal(after.length, 8);
    deepEqual([...new Set(after.map(({ status, attempt }) => `${status} ${attempt}`))], ["succeeded 1"]);
    ok(before.length >= 3 && before.length < 8);
    deepEqual(readdirSync(`${regent.data}/scratch`).length <= 1, true);
  });
});

async function untilCounted(regent: WholeRegent, id: string, atLeast: number): Promise<StageView[]> {
  for (;;) {
    const counted = countsIn((await regent.regent("runs", "show", id, "--json")).json().stages);
    const done = counted.filter(({ status }) => status === "succeeded");
    if (done.length >= atLeast) return done;
    await sleep(50);
  }
}

const countsIn = (stages: StageView[]): StageView[] =>
  stages.flatMap((stage) => (stage.name === "One number" ? [stage] : countsIn(stage.stages ?? [])));
