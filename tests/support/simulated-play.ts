import type { Json, Run, StageView } from "@regent/contract";
import type { SimulatedStore } from "#kernel";
import { createWorld, register, runInput, simulate, type World } from "./kernel-world.ts";
import type { Mutant } from "./mutants.ts";
import { type Scenario, scenarioPerformers } from "./scenarios.ts";

export interface Played {
  run: Run;
  world: World;
  /** What must not differ between two plays: stages, how they ended, and which steps were recorded. */
  shape: Json;
  crashes: number;
  moments: number;
  /** Ids and names of what was recorded: what a run in flight leaves to the next version. */
  history: [number, string][];
}

/**
 * Plays a scenario on the simulated engine. `crash` is asked at every moment; after a crash the engine starts again on
 * what was recorded, and the outside says again what it has to say.
 */
export async function play(
  scenario: Scenario,
  options: { seed: number; crash?: (moment: string, count: number) => boolean; maxCrashes?: number; mutant?: Mutant },
): Promise<Played> {
  const world = createWorld();
  const digest = register(world, scenario.daemon);
  const pins = Object.fromEntries(
    (scenario.children ?? []).map((child) => [`daemon/${child.id}`, register(world, child)]),
  );
  let store: SimulatedStore | undefined;
  let crashes = 0;
  let moments = 0;
  for (let life = 0; ; life++) {
    const engine = simulate(
      world,
      scenarioPerformers({
        async leave(key, name) {
          const n = world.effects.length;
          world.effects.push({ key, name, value: n });
          return n;
        },
        sleep: (ms, signal) =>
          new Promise((resolve, reject) => {
            const cancel = engine.after(ms, resolve);
            signal.addEventListener("abort", () => {
              cancel();
              reject(signal.reason);
            });
          }),
      }),
      {
        seed: options.seed * 1_000 + life,
        ...(options.mutant === undefined ? {} : { mutant: options.mutant }),
        ...(store === undefined ? {} : { store }),
        crash: (moment) => {
          moments += 1;
          if (crashes >= (options.maxCrashes ?? 1) || options.crash?.(moment, moments) !== true) return false;
          crashes += 1;
          return true;
        },
      },
    );
    if (life === 0 || !options.mutant?.forgets) await engine.launch();
    await engine.start({ id: "run_s", input: runInput(digest, scenario.daemon, {}, pins) });
    for (const [i, word] of (scenario.outside ?? []).entries()) {
      if ("gate" in word)
        await engine.send(
          "run_s",
          `gate:${word.gate}`,
          { m: { verdict: word.verdict }, at: engine.now() },
          `decision:${word.gate}`,
        );
      else await tell(world, engine, `evt_outside${i}`, word.event, word.data);
    }
    const state = await engine.settle();
    store = engine.store;
    if (state === "crashed") continue;
    const { run } = await engine.read("run_s");
    const history = (await engine.history("run_s")).map((step): [number, string] => [step.id, step.name]);
    return { run, world, shape: shapeOf(run), crashes, moments, history };
  }
}

async function tell(
  world: World,
  engine: ReturnType<typeof simulate>,
  id: string,
  type: string,
  data: Record<string, Json>,
): Promise<void> {
  if (world.events.some((one) => one.id === id)) return;
  world.events.push({ id, type, data, at: engine.now() });
  for (const one of world.subscriptions)
    if (one.type === type)
      await engine.send(one.run, one.topic, { m: { ...data, id, type }, at: engine.now() }, `event:${id}:${one.topic}`);
}

/** How far something came that was stopped is not promised: the losers of a race, the siblings of a failure. */
export function shapeOf(run: Run): Json {
  const racing = (stage: StageView): boolean =>
    stage.type === "parallel" && stage.steps.some((step) => step.kind === "join");
  const shape = (stage: StageView): Json => ({
    id: stage.id,
    status: stage.status,
    error: stage.error?.code ?? null,
    steps: stage.status === "cancelled" ? [] : stage.steps.map((step) => `${step.id} ${step.status}`),
    stages: racing(stage) || stage.status === "cancelled" ? [] : stage.stages.map(shape),
  });
  return { status: run.status, error: run.error?.code ?? null, stages: run.stages.map(shape) };
}

const goldens = new Map<string, Promise<Played>>();

/** The play that nothing disturbed. */
export function goldenOf(scenario: Scenario): Promise<Played> {
  const known = goldens.get(scenario.name) ?? play(scenario, { seed: 0, maxCrashes: 0 });
  goldens.set(scenario.name, known);
  return known;
}
