import type { Json, ParallelStage } from "@regent/contract";
import type { Digest } from "#platform";
import { Interrupted } from "../engine.ts";
import { Aborted, StageFailed } from "../failure.ts";
import type { Frame } from "../frame.ts";
import { type GroupEnd, runGroup } from "../group.ts";
import { type Attempt, createJob } from "../job.ts";
import { mergeTrees } from "../merge-trees.ts";
import type { Performed } from "../performer.ts";
import { Stop } from "../stop.ts";

/** Branches side by side on copies of the workspace. The output is a map of the branches' outputs. */
export async function runParallel(stage: ParallelStage, attempt: Attempt, order: number[]): Promise<Performed> {
  return stage.join === "all" ? joinAll(stage, attempt, order) : joinSome(stage, stage.join, attempt, order);
}

async function joinAll(stage: ParallelStage, attempt: Attempt, order: number[]): Promise<Performed> {
  const { frame, lane, tree } = attempt;
  const lanes = lane.split(stage.branches.length);
  const stop = Stop.within(frame.stop);
  const settled = await Promise.allSettled(
    stage.branches.map(async (branch, i) => {
      try {
        return await runGroup(branch.stages, branchFrame(attempt, order, i, branch.name, stop), lanes[i]!);
      } catch (error) {
        stop.abort();
        throw error;
      }
    }),
  );
  stop.release();
  const errors = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const failed =
    errors.find((error) => error instanceof Interrupted) ??
    errors.find((error) => !(error instanceof Aborted)) ??
    errors[0];
  if (failed !== undefined) throw failed;
  const ends = settled.map((one) => (one as PromiseFulfilledResult<GroupEnd>).value);
  const trees = ends.map((end, i) => ({ name: stage.branches[i]!.name, tree: end.tree }));
  return {
    output: Object.fromEntries(ends.map((end, i) => [stage.branches[i]!.name, end.output])),
    tree: await mergeTrees({ ...frame, path: attempt.path }, lane, tree, trees),
  };
}

/**
 * The first `wanted` branches win. Who won is a recorded step that also holds what they returned: the branches begin
 * inside its body, so a replay reads the answer and begins none of them again.
 */
async function joinSome(stage: ParallelStage, wanted: number, attempt: Attempt, order: number[]): Promise<Performed> {
  const { frame, lane, tree } = attempt;
  const lanes = lane.split(stage.branches.length);
  const stop = Stop.within(frame.stop);
  let began = false;
  let begin: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = () => {
      began = true;
      resolve();
    };
  });
  if (frame.run.deps.reading) begin();
  // Made here and not in the body: a branch must not run inside the step that waits for it.
  const running = stage.branches.map(async (branch, i) => {
    await begun;
    const end = await runGroup(branch.stages, branchFrame(attempt, order, i, branch.name, stop), lanes[i]!);
    return { name: branch.name, output: end.output, tree: end.tree };
  });
  for (const one of running) one.catch(() => {});

  const job = createJob({ ...attempt, deadlines: [] });
  try {
    const won = (await job.step("join", `first ${wanted}`, async () => {
      begin();
      const winners = await first(running, wanted);
      return { value: winners as unknown as Json };
    })) as { name: string; output: Json; tree: Digest }[];
    const outputs = stage.branches.map(
      (branch) => [branch.name, won.find((one) => one.name === branch.name)?.output ?? null] as const,
    );
    return {
      output: Object.fromEntries(outputs),
      tree: await mergeTrees({ ...frame, path: attempt.path }, lane, tree, won),
    };
  } finally {
    stop.abort();
    stop.release();
    if (began && !frame.run.deps.reading) await Promise.allSettled(running);
  }
}

/** The first `wanted` that succeed, in the order of the branches; throws when too few are left. */
async function first<T>(running: Promise<T>[], wanted: number): Promise<T[]> {
  const won: { index: number; value: T }[] = [];
  const errors: unknown[] = [];
  await new Promise<void>((resolve) => {
    const check = () => {
      if (won.length >= wanted || errors.length > running.length - wanted) resolve();
    };
    running.forEach((one, index) => {
      one.then(
        (value) => {
          if (won.length < wanted) won.push({ index, value });
          check();
        },
        (error: unknown) => {
          errors.push(error);
          check();
        },
      );
    });
  });
  if (won.length < wanted)
    throw (
      errors.find((error) => !(error instanceof Aborted)) ??
      new StageFailed({ code: "stage_failed", message: "Too few branches finished." })
    );
  return won.sort((a, b) => a.index - b.index).map((one) => one.value);
}

function branchFrame(attempt: Attempt, order: number[], index: number, name: string, stop: Stop): Frame {
  const { frame, path, tree, deadlines } = attempt;
  return {
    run: frame.run,
    scope: attempt.scope,
    path: `${path}.${name}`,
    order: [...order, index],
    tree,
    stop,
    deadlines,
  };
}
