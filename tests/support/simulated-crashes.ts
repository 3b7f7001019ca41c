import { type Mutant, mutants } from "./mutants.ts";
import { wrongs } from "./oracle.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { goldenOf, type Played, play } from "./simulated-play.ts";

export type Play = typeof play;

/** Which of the planted defects the crash tests see; each is looked for until the first wrong result. */
export async function killMutants(planted: Mutant[] = mutants): Promise<{ killed: string[]; survived: string[] }> {
  const killed: string[] = [];
  const survived: string[] = [];
  for (const mutant of planted) {
    const playWith: Play = (scenario, options) => play(scenario, { ...options, mutant });
    const { wrong } = await enumerateCrashes({ playWith, seeds: [1], stopAt: 1 });
    (wrong.length > 0 ? killed : survived).push(mutant.name);
  }
  return { killed, survived };
}

const judge = async (scenario: Scenario, played: Played, label: string): Promise<string[]> => {
  const golden = await goldenOf(scenario);
  return wrongs(played.run, played.shape, golden.shape, played.world.effects, played.crashes).map(
    (wrong) => `${scenario.name}, ${label}: ${wrong}`,
  );
};

/** Ends the process at moment 1, 2, 3 … of each scenario until a play comes through without meeting the moment. */
export async function enumerateCrashes(
  options: { playWith?: Play; only?: Scenario[]; seeds?: number[]; stopAt?: number } = {},
): Promise<{ points: number; wrong: string[] }> {
  const { playWith = play, only = scenarios, seeds = [1, 2, 3, 4], stopAt = 50 } = options;
  let points = 0;
  const wrong: string[] = [];
  for (const [scenario, seed] of only.flatMap((one) => seeds.map((seed) => [one, seed] as const)))
    for (let point = 1; ; point++) {
      const label = `order ${seed}, crash at moment ${point}`;
      const played = await playWith(scenario, { seed, crash: (_moment, count) => count === point }).catch(
        (error: unknown) => {
          wrong.push(`${scenario.name}, ${label}: ${error instanceof Error ? error.message : error}`);
          return undefined;
        },
      );
      if (played === undefined) {
        points += 1;
        if (wrong.length >= stopAt) return { points, wrong };
        continue;
      }
      if (played.crashes === 0) break;
      points += 1;
      wrong.push(...(await judge(scenario, played, label)));
      if (wrong.length >= stopAt) return { points, wrong };
    }
  return { points, wrong };
}

/** Each seed is one scenario, one order, and up to six crashes at moments drawn from it. */
export async function randomCrashes(options: {
  seeds: number;
  from?: number;
  playWith?: Play;
}): Promise<{ seeds: number; crashes: number; wrong: string[] }> {
  let crashes = 0;
  const wrong: string[] = [];
  const from = options.from ?? 1;
  for (let seed = from; seed < from + options.seeds; seed++) {
    const scenario = scenarios[seed % scenarios.length]!;
    let state = Math.imul(seed, 2_654_435_761) >>> 0;
    const draw = () => {
      state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0;
      return state / 4_294_967_296;
    };
    try {
      const played = await (options.playWith ?? play)(scenario, { seed, maxCrashes: 6, crash: () => draw() < 0.04 });
      crashes += played.crashes;
      wrong.push(...(await judge(scenario, played, `seed ${seed}`)));
    } catch (error) {
      wrong.push(`${scenario.name}, seed ${seed}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return { seeds: options.seeds, crashes, wrong };
}
