import { type Daemon, fail, type Json, type JsonObject, type Run, type Stage, type StageView } from "@regent/contract";
import type { Performers, SimulatedEngine } from "#kernel";
import { createWorld, register, runInput, simulate, stage, type World } from "./kernel-world.ts";

/** What stages of a test did and when, in milliseconds of the virtual clock since the house began. */
export interface Deed {
  path: string;
  did: "begins" | "ends" | "stopped";
  at: number;
  saw: Json;
}

/**
 * A kernel on the simulated engine for tests of meaning: stages say when they begin and end, time is virtual.
 * `tool` is how a stage behaves: `give` returns `with`, `fails N` fails in its first N attempts, `takes MS` lasts.
 */
export function smallHouse(seed = 1) {
  const world: World = createWorld();
  const deeds: Deed[] = [];
  const engine = simulate(
    world,
    performers(deeds, () => engine),
    { seed },
  );
  const began = engine.now();
  let launched = false;
  let told = 0;

  async function begin(run: string, daemon: Daemon, inputs: JsonObject = {}, children: Daemon[] = []): Promise<void> {
    if (!launched) await engine.launch();
    launched = true;
    const pins = Object.fromEntries(children.map((child) => [`daemon/${child.id}`, register(world, child)]));
    await engine.start({
      id: run,
      input: { ...(runInput(register(world, daemon), daemon, inputs, pins) as JsonObject), queuedAt: engine.now() },
    });
  }
  const read = async (run: string): Promise<Run> => (await engine.read(run)).run;

  return {
    deeds,
    engine,
    world,
    begin,
    /** The run, as far as it comes without anybody's word. */
    async settled(run: string): Promise<Run> {
      await engine.settle();
      return read(run);
    },
    async play(daemon: Daemon, inputs: JsonObject = {}, children: Daemon[] = []): Promise<Run> {
      const run = `run_${daemon.id}`;
      await begin(run, daemon, inputs, children);
      await engine.settle();
      return read(run);
    },
    decide: (run: string, gate: string, verdict: string): Promise<void> =>
      engine.send(run, `gate:${gate}`, { m: { verdict }, at: engine.now() }, `decision:${gate}`),
    async tell(type: string, data: JsonObject): Promise<void> {
      told += 1;
      const id = `evt_told${told}`;
      world.events.push({ id, type, data, at: engine.now() });
      for (const one of world.subscriptions)
        if (one.type === type)
          await engine.send(one.run, one.topic, { m: { ...data, id, type }, at: engine.now() }, `${id}:${one.topic}`);
    },
    /** Runs `work` at a moment of the virtual clock. */
    at(ms: number, work: () => unknown): void {
      engine.after(began + ms - engine.now(), () => void work());
    },
    elapsed: (): number => engine.now() - began,
    began: (): string[] => deeds.filter((deed) => deed.did === "begins").map((deed) => deed.path),
    when: (path: string, did: Deed["did"] = "begins"): number | undefined => {
      const deed = deeds.find((one) => one.path === path && one.did === did);
      return deed === undefined ? undefined : deed.at - began;
    },
    saw: (path: string): Json => deeds.findLast((deed) => deed.path === path && deed.did === "begins")?.saw ?? null,
  };
}

function performers(deeds: Deed[], engine: () => SimulatedEngine): Performers {
  const note = (path: string, did: Deed["did"], saw: Json = null) => deeds.push({ path, did, at: engine().now(), saw });
  return {
    tool: {
      async perform(one, job) {
        const output = await job.step("work", one.id, async ({ signal }) => {
          note(job.path, "begins", job.input);
          const [kind, number = "0"] = one.tool.split(" ");
          if (kind === "takes")
            await sleep(engine(), Number(number), signal).catch((error) => {
              note(job.path, "stopped");
              throw error;
            });
          if (kind === "fails" && job.attempt <= Number(number))
            throw fail("tool_failed", { tool: one.id, reason: "as told" });
          note(job.path, "ends");
          return { value: job.render(one.with) };
        });
        return { output };
      },
    },
    script: {
      async perform(one, job) {
        const tree = `sha256:${job.path.padEnd(64, "_").slice(0, 64)}` as const;
        const output = await job.step("script", one.id, async () => {
          note(job.path, "begins", job.tree);
          return { value: job.tree };
        });
        return { output, tree };
      },
    },
    gate: {
      async perform(one, job) {
        await job.step("ask", one.id, async () => {
          note(job.path, "begins");
          return { value: null };
        });
        const decision = await job.receive<{ verdict: string }>(`gate:${job.path}`, {
          ...(one.expiresMs === undefined ? {} : { timeoutMs: one.expiresMs }),
          why: one.id,
        });
        note(job.path, "ends");
        if (decision?.verdict !== "approve") throw fail("rejected", { gate: one.id });
        return { output: { verdict: decision.verdict } };
      },
    },
  };
}

const sleep = (engine: SimulatedEngine, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const cancel = engine.after(ms, resolve);
    signal.addEventListener("abort", () => {
      cancel();
      reject(signal.reason);
    });
  });

/** Stages in canonical form, from the fields that matter to a test. */
export const give = (id: string, value: Json = null, rest: Record<string, unknown> = {}): Stage =>
  stage({ id, type: "tool", tool: "give", with: value, ...rest } as never);
export const takes = (id: string, ms: number, rest: Record<string, unknown> = {}): Stage =>
  give(id, null, { tool: `takes ${ms}`, ...rest });
export const fails = (id: string, times = 99, rest: Record<string, unknown> = {}): Stage =>
  give(id, null, { tool: `fails ${times}`, ...rest });
export const script = (id: string, rest: Record<string, unknown> = {}): Stage =>
  stage({ id, type: "script", script: "true", reads: [], ...rest } as never);
export const gate = (id: string, rest: Record<string, unknown> = {}): Stage =>
  stage({
    ...{ id, type: "gate", ask: "Go on?", show: [], who: "approver", otherwise: "reject", onReject: { do: "fail" } },
    ...rest,
  } as never);
export const wait = (id: string, what: JsonObject, rest: Record<string, unknown> = {}): Stage =>
  stage({ id, type: "wait", wait: what, ...rest } as never);
export const parallel = (id: string, branches: Record<string, Stage[]>, rest: Record<string, unknown> = {}): Stage =>
  stage({
    ...{ id, type: "parallel", join: "all", ...rest },
    branches: Object.entries(branches).map(([name, stages]) => ({ name, stages })),
  } as never);

/** How each stage ended, by id. */
export const statuses = (run: Run): Record<string, string> =>
  Object.fromEntries(run.stages.map((one: StageView) => [one.id, one.status]));
