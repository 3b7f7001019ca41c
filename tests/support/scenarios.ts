import type { Daemon, Json, JsonObject, Stage } from "@regent/contract";
import { fail } from "@regent/contract";
import type { Job, Performers } from "#kernel";
import { daemon, sequence, stage } from "./kernel-world.ts";

/**
 * Daemons that between them use everything the kernel does by itself. The crash tests run each on both engines and
 * compare with the run that was not disturbed. Their stages do "work": one recorded step that leaves an effect with a
 * number that no other execution has, so that a result which was lost, doubled or swapped shows.
 */
export interface Scenario {
  name: string;
  daemon: Daemon;
  /** Sub-daemons, by id. */
  children?: Daemon[];
  /** What the outside does: messages to the run's gates, events. Sent again after each restart; keys make that harmless. */
  outside?: Outside[];
  ends: "succeeded" | "failed" | "timed_out";
  /** How far it comes depends on how long the process was away: only the end is compared where time is real. */
  races?: boolean;
}

export type Outside = { gate: string; verdict: "approve" | "reject" } | { event: string; data: JsonObject };

export interface Effects {
  /** Records that a body ran and returns a number that no other execution gets. */
  leave(key: string, name: string): Promise<number>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const work = (id: string, rest: Record<string, unknown> = {}): Stage =>
  stage({ id, type: "tool", tool: "work", with: {}, ...rest } as never);
const gate = (id: string, rest: Record<string, unknown> = {}): Stage =>
  stage({
    ...{ id, type: "gate", ask: "Go on?", show: [], who: "approver", otherwise: "reject", onReject: { do: "fail" } },
    ...rest,
  } as never);
const parallel = (
  id: string,
  branches: Record<string, Stage[]>,
  join: "all" | number = "all",
  rest: Record<string, unknown> = {},
): Stage =>
  stage({
    ...{ id, type: "parallel", join },
    branches: Object.entries(branches).map(([name, stages]) => ({ name, stages: sequence(stages) })),
    ...rest,
  } as never);
const forEach = (id: string, list: string, stages: Stage[], limit = 2): Stage =>
  stage({ id, type: "for-each", in: list, limit, stages: sequence(stages) } as never);
const wait = (id: string, what: JsonObject, rest: Record<string, unknown> = {}): Stage =>
  stage({ id, type: "wait", wait: what, ...rest } as never);

const letter = daemon("letter", sequence([work("write_letter"), work("post_letter", { input: "${write_letter}" })]));

export const scenarios: Scenario[] = [
  {
    name: "linear",
    daemon: daemon(
      "linear",
      sequence([work("a"), work("b", { input: "${a}" }), work("c", { input: "${b}" }), work("d", { input: "${c}" })]),
    ),
    ends: "succeeded",
  },
  {
    name: "fan-out",
    daemon: daemon(
      "fan-out",
      sequence([
        work("start"),
        parallel("sides", { left: [work("l1"), work("l2")], right: [work("r1")], mid: [work("m1"), work("m2")] }),
        work("end", { input: "${sides}" }),
      ]),
    ),
    ends: "succeeded",
  },
  {
    name: "diamond",
    daemon: daemon("diamond", [
      work("top"),
      work("left", { needs: ["top"], input: "${top}" }),
      work("right", { needs: ["top"] }),
      work("bottom", { needs: ["left", "right"], input: "${left}" }),
      work("alone"),
    ]),
    ends: "succeeded",
  },
  {
    name: "for-each",
    daemon: daemon(
      "for-each",
      sequence([
        work("list"),
        forEach("each", "[1.0, 2.0, 3.0, 4.0, 5.0]", [
          work("one", { input: "${item}" }),
          work("two", { input: "${one}" }),
        ]),
        work("sum", { input: "${each}" }),
      ]),
    ),
    ends: "succeeded",
  },
  {
    name: "timer",
    daemon: daemon("timer", sequence([work("before"), wait("pause", { for: "300ms" }), work("after")])),
    ends: "succeeded",
  },
  {
    name: "event",
    daemon: daemon(
      "event",
      sequence([
        work("before"),
        wait("paid", { event: "order.paid", where: "event.number == 7.0" }),
        work("after", { input: "${paid}" }),
      ]),
    ),
    outside: [
      { event: "order.paid", data: { number: 6 } },
      { event: "order.paid", data: { number: 7 } },
    ],
    ends: "succeeded",
  },
  {
    name: "child",
    daemon: daemon(
      "child",
      sequence([
        work("before"),
        stage({ id: "letter", type: "daemon", daemon: "letter", with: {} } as never),
        work("after", { input: "${letter}" }),
      ]),
    ),
    children: [letter],
    ends: "succeeded",
  },
  {
    name: "retry",
    daemon: daemon(
      "retry",
      sequence([
        work("flaky", { tool: "fails 2", retry: { attempts: 4, firstMs: 50, maxMs: 200, factor: 2 } }),
        work("after", { input: "${flaky}" }),
      ]),
    ),
    ends: "succeeded",
  },
  {
    name: "fallback",
    daemon: daemon(
      "fallback",
      sequence([
        work("main", { tool: "fails 9", fallback: [{ tool: "fails 9" }, { tool: "work" }] }),
        work("shaky", { tool: "fails 9", onError: { do: "continue" } }),
        work("after", { input: "${stages.shaky.error.code}" }),
      ]),
    ),
    ends: "succeeded",
  },
  {
    name: "approval",
    daemon: daemon("approval", sequence([work("draft"), gate("ok"), work("send", { input: "${ok.verdict}" })])),
    outside: [{ gate: "ok", verdict: "approve" }],
    ends: "succeeded",
  },
  {
    name: "compensation",
    daemon: daemon("compensation", [
      work("undo", { handler: true, input: "${error.code}" }),
      ...sequence([
        work("book"),
        work("charge", {
          tool: "fails 9",
          retry: { attempts: 2, firstMs: 20, maxMs: 20, factor: 2 },
          onError: { do: "goto", stage: "undo" },
        }),
        work("never"),
      ]),
    ]),
    ends: "failed",
  },
  {
    name: "expired gate",
    daemon: daemon(
      "expired-gate",
      sequence([
        work("draft"),
        gate("ok", { expiresMs: 250, onReject: { do: "continue" } }),
        work("after", { when: "ok == null" }),
      ]),
    ),
    ends: "succeeded",
  },
  {
    name: "any",
    daemon: daemon(
      "any",
      sequence([
        parallel(
          "race",
          { slow: [work("s1", { tool: "slow" }), work("s2")], quick: [work("q1")], gated: [gate("g1"), work("g2")] },
          1,
        ),
        work("after"),
      ]),
    ),
    ends: "succeeded",
  },
  {
    name: "two of three",
    daemon: daemon(
      "two-of-three",
      sequence([
        parallel("votes", { a: [work("a1")], b: [work("b1"), work("b2")], c: [work("c1", { tool: "fails 9" })] }, 2),
        work("after", { input: "${votes}" }),
      ]),
    ),
    ends: "succeeded",
  },
  {
    name: "fail fast",
    daemon: daemon("fail-fast", [
      work("bad", { tool: "fails 9" }),
      gate("open"),
      wait("long", { for: "1h" }),
      work("never", { needs: ["bad", "open"] }),
    ]),
    ends: "failed",
  },
  {
    name: "agent",
    daemon: daemon("agent", sequence([work("think", { tool: "loop 6" }), work("act", { input: "${think}" })])),
    ends: "succeeded",
  },
  {
    name: "announce",
    daemon: daemon("announce", [
      work("first"),
      stage({ id: "tell", type: "emit", event: "draft.ready", with: { by: "${first.n}" }, needs: ["first"] } as never),
      wait("heard", { event: "draft.ready" }),
      work("last", { needs: ["tell", "heard"] }),
    ]),
    ends: "succeeded",
  },
  {
    name: "nested",
    daemon: daemon(
      "nested",
      sequence([
        forEach(
          "each",
          "['x', 'y', 'z']",
          [
            parallel("both", {
              call: [stage({ id: "letter", type: "daemon", daemon: "letter", with: {} } as never)],
              rest: [work("rest1"), wait("nap", { for: "40ms" })],
            }),
            work("done", { input: "${item}" }),
          ],
          3,
        ),
        work("after"),
      ]),
    ),
    children: [letter],
    ends: "succeeded",
  },
  {
    name: "out of time",
    daemon: daemon("out-of-time", sequence([work("quick"), gate("ok"), work("slow", { tool: "slow 900" })]), {
      budget: { durationMs: 500 },
    }),
    outside: [{ gate: "ok", verdict: "approve" }],
    ends: "timed_out",
    races: true,
  },
  {
    name: "long",
    daemon: daemon("long", sequence(Array.from({ length: 40 }, (_, i) => work(`s${i}`)))),
    ends: "succeeded",
  },
];

/** The performers of the scenarios: `tool` does work, `gate` waits for a message. */
export function scenarioPerformers(effects: Effects): Performers {
  const doWork = (job: Job, name: string, ms = 0): Promise<Json> =>
    job.step("work", name, async ({ signal, key }) => {
      if (ms > 0) await effects.sleep(ms, signal);
      return { value: { n: await effects.leave(key, name), saw: job.input } };
    });
  return {
    tool: {
      async perform(one, job) {
        const [kind, count = "1"] = one.tool.split(" ");
        if (kind === "slow") return { output: await doWork(job, one.id, Number(count) || 400) };
        if (kind === "loop") {
          const rounds: Json[] = [];
          for (let i = 0; i < Number(count); i++) rounds.push(await doWork(job, `${one.id} ${i}`));
          return { output: rounds };
        }
        if (kind === "fails" && job.attempt <= Number(count))
          await job.step("work", `${one.id} fails`, async ({ key }) => {
            await effects.leave(key, `${one.id} fails`);
            throw fail("tool_failed", { tool: one.id, reason: "as told" });
          });
        return { output: await doWork(job, one.id) };
      },
    },
    gate: {
      async perform(one, job) {
        await job.step("ask", one.id, async ({ key }) => ({ value: { n: await effects.leave(key, one.id) } }));
        const decision = await job.receive<{ verdict: string }>(`gate:${job.path}`, {
          ...(one.expiresMs === undefined ? {} : { timeoutMs: one.expiresMs }),
          why: `gate ${one.id}`,
        });
        if (decision?.verdict !== "approve") throw fail("rejected", { gate: one.id });
        return { output: { verdict: decision.verdict } };
      },
    },
  };
}
