import { fail, type Stage } from "@regent/contract";

/** What a list of stages says about order, worked out once: definitions never change. Stages are known by index. */
export interface Plan {
  /** Stages that need nothing, in declared order. */
  first: number[];
  needs: number[][];
  /** Which stages need this one. */
  followers: number[][];
  /** All that a stage transitively needs, in declared order. */
  ancestors: number[][];
  /** Not needed by any other: their files are the group's. */
  leaves: number[];
  /** The last stage from which all lines to a stage come: the files before its branches went apart. */
  base: (number | undefined)[];
  /** The last that is not a handler; -1: none. */
  last: number;
}

const plans = new WeakMap<readonly Stage[], Plan>();

/** @throws invalid_definition  what the loader refuses before: a cycle, or a need that nobody is */
export function planOf(stages: readonly Stage[]): Plan {
  const known = plans.get(stages) ?? makePlan(stages);
  plans.set(stages, known);
  return known;
}

function makePlan(stages: readonly Stage[]): Plan {
  const indexOf = new Map(stages.map((stage, index) => [stage.id, index]));
  const needs = stages.map((stage) =>
    stage.needs.map((id) => {
      const index = indexOf.get(id);
      if (index === undefined) throw fail("invalid_definition", { needs: id });
      return index;
    }),
  );
  const plain = [...stages.keys()].filter((index) => !stages[index]!.handler);
  const followers = stages.map((_, index) => plain.filter((other) => needs[other]!.includes(index)));
  const sets = ancestorSets(stages, needs);
  const ancestors = sets.map((set) => [...set].sort((a, b) => a - b));
  return {
    first: plain.filter((index) => needs[index]!.length === 0),
    needs,
    followers,
    ancestors,
    leaves: plain.filter((index) => followers[index]!.length === 0),
    base: stages.map((_, index) => baseOf(needs[index]!, sets)),
    last: plain.at(-1) ?? -1,
  };
}

function ancestorSets(stages: readonly Stage[], needs: number[][]): Set<number>[] {
  const sets: (Set<number> | "open" | undefined)[] = stages.map(() => undefined);
  const visit = (index: number): Set<number> => {
    const known = sets[index];
    if (known === "open") throw fail("invalid_definition", { cycle: stages[index]!.id });
    if (known !== undefined) return known;
    sets[index] = "open";
    const set = new Set<number>();
    for (const need of needs[index]!) {
      set.add(need);
      for (const further of visit(need)) set.add(further);
    }
    sets[index] = set;
    return set;
  };
  return stages.map((_, index) => visit(index));
}

function baseOf(needs: number[], sets: Set<number>[]): number | undefined {
  if (needs.length < 2) return undefined;
  const lines = needs.map((need) => new Set([need, ...sets[need]!]));
  const common = [...lines[0]!].filter((index) => lines.every((line) => line.has(index)));
  return common.find((index) => !common.some((other) => sets[other]!.has(index)));
}
