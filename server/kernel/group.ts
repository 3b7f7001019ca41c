import { fail, type Json, type Stage } from "@regent/contract";
import type { Digest } from "#platform";
import { Interrupted, type Lane } from "./engine.ts";
import { Aborted, GoTo, StageFailed } from "./failure.ts";
import type { Frame } from "./frame.ts";
import { createJob } from "./job.ts";
import { type StageEnd, withEnds } from "./scope.ts";
import { runStage, type StageOutcome } from "./stage.ts";

export interface GroupEnd {
  ends: Map<string, StageOutcome>;
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
  const lanes = lane.split(stages.length);
  const ends = new Map<string, StageOutcome>();
  const pending = new Map<string, Promise<StageOutcome>>();
  const stop = new AbortController();
  const abort = () => stop.abort();
  if (frame.signal.aborted) abort();
  frame.signal.addEventListener("abort", abort, { once: true });
  const inner: Frame = { ...frame, signal: stop.signal };
  const errors = new Map<string, unknown>();
  let interrupt: (error: Interrupted) => void = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = reject;
  });
  interrupted.catch(() => {});

  for (const index of topological(stages)) {
    const stage = stages[index]!;
    if (stage.handler) continue;
    const one = async (): Promise<StageOutcome> => {
      const needed = await Promise.all(stage.needs.map((id) => pending.get(id)!));
      const end =
        frame.run.input.reuse?.[stage.id] !== undefined && frame.path === ""
          ? reused(stage, index, inner)
          : await startStage(stage, index, lanes[index]!, inner, ends, stages, needed);
      ends.set(stage.id, end);
      return end;
    };
    const promise = one();
    pending.set(stage.id, promise);
    promise.catch((error: unknown) => {
      if (error instanceof Interrupted) interrupt(error);
      if (!errors.has(stage.id)) errors.set(stage.id, error);
      if (!(error instanceof Aborted)) stop.abort();
    });
  }
  try {
    await Promise.race([Promise.allSettled(pending.values()), interrupted]);
  } finally {
    frame.signal.removeEventListener("abort", abort);
  }
  for (const wanted of [isFirst, isTime, isAborted])
    for (const stage of stages) if (wanted(errors.get(stage.id))) throw errors.get(stage.id);

  const last = stages.findLast((stage) => !stage.handler);
  const trees = leaves(stages).map((stage) => ({ name: stage.id, tree: ends.get(stage.id)!.tree }));
  return {
    ends,
    output: last === undefined ? null : (ends.get(last.id)?.output ?? null),
    tree: await mergeTrees(inner, lane, frame.tree, trees),
  };
}

const isFirst = (error: unknown): boolean => error instanceof StageFailed || error instanceof GoTo;
const isTime = (error: unknown): boolean => error !== undefined && !(error instanceof Aborted) && !isFirst(error);
const isAborted = (error: unknown): boolean => error !== undefined;

async function startStage(
  stage: Stage,
  index: number,
  lane: Lane,
  frame: Frame,
  ends: Map<string, StageOutcome>,
  stages: Stage[],
  needed: StageOutcome[],
): Promise<StageOutcome> {
  if (frame.signal.aborted) throw new Aborted();
  const seen = ancestors(stage, stages);
  const trees = stage.needs.map((id, i) => ({ name: id, tree: needed[i]!.tree }));
  const tree = await mergeTrees(frame, lane, baseOf(stage, stages, ends) ?? frame.tree, trees);
  const scope = () =>
    withEnds(
      frame.scope,
      seen.map((one) => [one, ends.get(one.id) as StageEnd] as const),
    );
  return runStage(stage, frame, lane, [...frame.order, index], tree, scope);
}

/** A stage whose result was taken over from the run that this one was forked from. */
function reused(stage: Stage, index: number, frame: Frame): StageOutcome {
  const end = frame.run.input.reuse![stage.id]!;
  const error = end.error === undefined ? null : { ...end.error, stage: stage.id };
  frame.run.tracker.stageBegins(stage.id, stage, [...frame.order, index], 0);
  frame.run.tracker.stageEnds(stage.id, end.status, end.output, error, end.tree);
  return end;
}

/** Indices so that what is needed comes first. The loader refuses cycles; here they cannot be answered. */
function topological(stages: Stage[]): number[] {
  const index = new Map(stages.map((stage, i) => [stage.id, i]));
  const state = new Map<number, "open" | "done">();
  const order: number[] = [];
  const visit = (i: number) => {
    if (state.get(i) === "done") return;
    if (state.get(i) === "open") throw fail("invalid_definition", { cycle: stages[i]!.id });
    state.set(i, "open");
    for (const id of stages[i]!.needs) {
      const needed = index.get(id);
      if (needed === undefined) throw fail("invalid_definition", { needs: id });
      visit(needed);
    }
    state.set(i, "done");
    order.push(i);
  };
  for (let i = 0; i < stages.length; i++) visit(i);
  return order;
}

/** Stages that a stage transitively needs, in declared order. */
export function ancestors(stage: Stage, stages: Stage[]): Stage[] {
  const byId = new Map(stages.map((one) => [one.id, one]));
  const found = new Set<string>();
  const open = [...stage.needs];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...(byId.get(id)?.needs ?? []));
  }
  return stages.filter((one) => found.has(one.id));
}

/** Stages that no other stage needs: their files are the group's. */
function leaves(stages: Stage[]): Stage[] {
  const needed = new Set(stages.flatMap((stage) => stage.needs));
  return stages.filter((stage) => !stage.handler && !needed.has(stage.id));
}

/** The workspace from which the branches that meet at a stage went apart: that of the last stage they all come from. */
function baseOf(stage: Stage, stages: Stage[], ends: Map<string, StageOutcome>): Digest | undefined {
  if (stage.needs.length < 2) return undefined;
  const lines = stage.needs.map((id) => {
    const one = stages.find((candidate) => candidate.id === id)!;
    return new Set([id, ...ancestors(one, stages).map((ancestor) => ancestor.id)]);
  });
  const common = stages.filter((one) => lines.every((line) => line.has(one.id)));
  const last = common.findLast(
    (one) => !common.some((other) => other !== one && ancestors(other, common).includes(one)),
  );
  return last === undefined ? undefined : ends.get(last.id)?.tree;
}

/** Joining is recorded only where there is something to join. */
export async function mergeTrees(
  frame: Frame,
  lane: Lane,
  base: Digest,
  branches: { name: string; tree: Digest }[],
): Promise<Digest> {
  const changed = branches.filter((branch) => branch.tree !== base);
  if (changed.length === 0) return branches.length > 0 ? base : frame.tree;
  const [first, ...others] = changed;
  if (others.every((branch) => branch.tree === first!.tree)) return first!.tree;
  const path = frame.path === "" ? "join" : `${frame.path}.join`;
  const stage = { id: "join", type: "parallel" } as Stage;
  const job = createJob({ stage, frame, lane, path, number: 1, scope: () => frame.scope, tree: base, deadlines: [] });
  try {
    return (await job.step("files", "merge", async () => ({
      value: await frame.run.deps.trees.merge(base, changed),
    }))) as Digest;
  } catch (error) {
    if (error instanceof Interrupted || error instanceof Aborted) throw error;
    throw new StageFailed({
      code: "conflicting_files",
      message: error instanceof Error ? error.message : String(error),
    });
  }
}
