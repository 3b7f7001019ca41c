import type { Json, Stage } from "@regent/contract";
import type { Digest } from "#platform";
import { Interrupted, type Lane } from "./engine.ts";
import { Aborted, GoTo, StageFailed } from "./failure.ts";
import type { Frame } from "./frame.ts";
import { mergeTrees } from "./merge-trees.ts";
import { type Plan, planOf } from "./plan.ts";
import { type StageEnd, withEnds } from "./scope.ts";
import { runStage, type StageOutcome } from "./stage.ts";
import { Stop } from "./stop.ts";

export interface GroupEnd {
  /** By index of the stage; absent: it is a handler. */
  ends: (StageOutcome | undefined)[];
  /** Output of the last stage that is not a handler. */
  output: Json;
  tree: Digest;
}

/**
 * Runs stages as a graph, each in its own lane, each as soon as what it needs has ended. The first failure stops the
 * rest; which failure counts is decided by the declared order, because the order in time differs on a replay.
 *
 * @throws StageFailed, GoTo, OutOfTime, Aborted, Interrupted
 */
export async function runGroup(stages: Stage[], frame: Frame, lane: Lane): Promise<GroupEnd> {
  const group = new Group(stages, frame, lane);
  await group.settled();
  return group.end();
}

/** A stage that has not begun costs nothing but its place: a run that waits at its first gate is small. */
class Group {
  readonly #stages: Stage[];
  readonly #plan: Plan;
  readonly #frame: Frame;
  readonly #lane: Lane;
  readonly #lanes: Lane[];
  readonly #stop: Stop;
  readonly #ends: (StageOutcome | undefined)[] = [];
  #errors: unknown[] | undefined;
  #open = 0;
  #resolve: () => void = () => {};
  #reject: (error: Interrupted) => void = () => {};

  constructor(stages: Stage[], frame: Frame, lane: Lane) {
    this.#stages = stages;
    this.#plan = planOf(stages);
    this.#stop = Stop.within(frame.stop);
    this.#frame = { ...frame, stop: this.#stop };
    this.#lane = lane;
    this.#lanes = lane.split(stages.length);
  }

  /** Resolves when nothing of the group is at work any more. @throws Interrupted  at once */
  async settled(): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        this.#open += 1;
        for (const index of this.#plan.first) this.#begin(index);
        this.#leave();
      });
    } finally {
      this.#stop.release();
    }
  }

  async end(): Promise<GroupEnd> {
    for (const wanted of [isFirst, isTime, isAny])
      for (const index of this.#stages.keys()) {
        const error = this.#errors?.[index];
        if (error !== undefined && wanted(error)) throw error;
      }
    if (this.#stop.aborted) throw new Aborted();
    const ends = this.#ends;
    const trees = this.#plan.leaves.map((index) => ({ name: this.#stages[index]!.id, tree: ends[index]!.tree }));
    return {
      ends,
      output: ends[this.#plan.last]?.output ?? null,
      tree: await mergeTrees(this.#frame, this.#lane, this.#frame.tree, trees),
    };
  }

  #begin(index: number): void {
    if (this.#stop.aborted) return;
    this.#open += 1;
    const stage = this.#stages[index]!;
    const reuse = this.#frame.path === "" ? this.#frame.run.input.reuse?.[stage.id] : undefined;
    if (reuse !== undefined) this.#ended(index, reused(stage, [...this.#frame.order, index], this.#frame, reuse));
    else
      this.#run(index).then(
        (end) => this.#ended(index, end),
        (error: unknown) => this.#failed(index, error),
      );
  }

  async #run(index: number): Promise<StageOutcome> {
    const frame = this.#frame;
    const needs = this.#plan.needs[index]!;
    const trees = needs.map((need) => ({ name: this.#stages[need]!.id, tree: this.#ends[need]!.tree }));
    const base = this.#plan.base[index];
    const before = base === undefined ? frame.tree : this.#ends[base]!.tree;
    const lane = this.#lanes[index]!;
    const tree = await mergeTrees(frame, lane, before, trees);
    return runStage(this.#stages[index]!, frame, lane, [...frame.order, index], tree, () => this.#scopeOf(index));
  }

  #scopeOf(index: number) {
    const seen = this.#plan.ancestors[index]!;
    return withEnds(
      this.#frame.scope(),
      seen.map((one) => [this.#stages[one]!, this.#ends[one] as StageEnd] as const),
    );
  }

  #ended(index: number, end: StageOutcome): void {
    this.#ends[index] = end;
    for (const follower of this.#plan.followers[index]!)
      if (this.#plan.needs[follower]!.every((need) => this.#ends[need] !== undefined)) this.#begin(follower);
    this.#leave();
  }

  #failed(index: number, error: unknown): void {
    if (error instanceof Interrupted) {
      this.#reject(error);
      return;
    }
    this.#errors ??= [];
    this.#errors[index] = error;
    if (!(error instanceof Aborted)) this.#stop.abort();
    this.#leave();
  }

  #leave(): void {
    this.#open -= 1;
    if (this.#open === 0) this.#resolve();
  }
}

const isFirst = (error: unknown): boolean => error instanceof StageFailed || error instanceof GoTo;
const isTime = (error: unknown): boolean => !(error instanceof Aborted);
const isAny = (): boolean => true;

/** A stage whose result was taken over from the run that this one was forked from. */
function reused(stage: Stage, order: number[], frame: Frame, end: StageOutcome): StageOutcome {
  const error = end.error === undefined ? null : { ...end.error, stage: stage.id };
  frame.run.tracker.stageBegins(stage.id, stage, order, 0);
  frame.run.tracker.stageEnds(stage.id, end.status, end.output, error, end.tree);
  return end;
}
