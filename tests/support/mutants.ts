import type { Json } from "@regent/contract";
import type { Lane } from "#kernel";

/**
 * Defects as they are really made, planted into the engine's port. A crash test that lets one of them through tests
 * nothing.
 */
export interface Mutant {
  name: string;
  lane?(lane: Lane): Lane;
  /** Stage ends that wake others are not told. */
  silent?: boolean;
  /** Runs of a dead process are not gone on with. */
  forgets?: boolean;
}

/** Applies a change to a lane and to every lane split from it. */
const everywhere = (change: (lane: Lane) => Partial<Lane>): ((lane: Lane) => Lane) => {
  const wrap = (lane: Lane): Lane => ({
    step: (name, body) => lane.step(name, body),
    receive: (name, topic, timeoutMs) => lane.receive(name, topic, timeoutMs),
    child: (name, run) => lane.child(name, run),
    split: (count) => lane.split(count).map(wrap),
    ...change(lane),
  });
  return wrap;
};

let fresh = 0;

export const mutants: Mutant[] = [
  {
    name: "parallel stages share one counter of step ids",
    lane: (lane) => ({
      ...lane,
      split: (count) =>
        Array.from({ length: count }, () => ({ ...lane, split: () => Array.from({ length: count }, () => lane) })),
    }),
  },
  {
    name: "a lane's ids are given out when it is first used",
    lane(lane) {
      const lazy = (given: Lane): Lane => ({
        ...given,
        split(count) {
          const lanes = given.split(count);
          let used = 0;
          return Array.from({ length: count }, () => {
            let own: Lane | undefined;
            const late = (): Lane => {
              own ??= lazy(lanes[used++]!);
              return own;
            };
            return {
              step: (name, body) => late().step(name, body),
              receive: (name, topic, timeoutMs) => late().receive(name, topic, timeoutMs),
              child: (name, run) => late().child(name, run),
              split: (inner) => late().split(inner),
            } satisfies Lane;
          });
        },
      });
      return lazy(lane);
    },
  },
  {
    name: "the record is written before the work is done",
    lane: everywhere((lane) => ({
      async step(name, body) {
        await lane.step(name, async () => ({ s: 0, d: 0, v: null }));
        return body();
      },
    })),
  },
  {
    name: "the work is done outside the recorded step",
    lane: everywhere((lane) => ({
      async step(name, body) {
        const result = await body();
        await lane.step(name, async () => result);
        return result;
      },
    })),
  },
  {
    name: "a result is used before it is recorded",
    lane: everywhere((lane) => ({
      step: (name, body) =>
        new Promise<Json>((resolve, reject) => {
          lane
            .step(name, async () => {
              const result = await body();
              resolve(result);
              return result;
            })
            .then(resolve, reject);
        }),
    })),
  },
  {
    name: "a child run gets a new id each time",
    lane: everywhere((lane) => ({ child: (name, run) => lane.child(name, { ...run, id: `${run.id}-${++fresh}` }) })),
  },
  {
    name: "who won a race is decided anew on a replay",
    lane: everywhere((lane) => ({ step: (name, body) => (name.includes("/join:") ? body() : lane.step(name, body)) })),
  },
  {
    name: "results are kept by the stage's name and not by its place",
    lane(lane) {
      const kept = new Map<string, Json>();
      return everywhere((inner) => ({
        async step(name, body) {
          const coarse = name.replace(/\.\d+\./g, ".");
          const known = kept.get(coarse);
          const result = await inner.step(name, async () => known ?? body());
          kept.set(coarse, result);
          return result;
        },
      }))(lane);
    },
  },
  { name: "lanes that are no longer wanted are not woken", silent: true },
  { name: "runs of a dead process are not gone on with", forgets: true },
];
