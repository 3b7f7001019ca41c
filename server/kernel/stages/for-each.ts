import { type ForEachStage, fail, type Json } from "@regent/contract";
import { Aborted } from "../failure.ts";
import type { Frame } from "../frame.ts";
import { type GroupEnd, runGroup } from "../group.ts";
import type { Attempt } from "../job.ts";
import { mergeTrees } from "../merge-trees.ts";
import type { Performed } from "../performer.ts";
import { Stop } from "../stop.ts";

/** The stages once an item, `limit` items at a time, each item in its own lane; results in item order. */
export async function runForEach(stage: ForEachStage, attempt: Attempt, order: number[]): Promise<Performed> {
  const { frame, lane, path, tree, deadlines } = attempt;
  const items = frame.run.deps.expressions.evaluate(stage.in, attempt.scope());
  if (!Array.isArray(items)) throw fail("expression_failed", { reason: `${stage.in} is not a list` });
  if (items.length === 0) return { output: [] };

  const lanes = lane.split(items.length);
  const stop = Stop.within(frame.stop);
  const ends: GroupEnd[] = [];
  const errors: unknown[] = [];
  let next = 0;

  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      if (stop.aborted) errors[index] ??= new Aborted();
      else
        await runItem(index).catch((error: unknown) => {
          errors[index] = error;
          stop.abort();
        });
    }
  };
  const runItem = async (index: number): Promise<void> => {
    const inner: Frame = {
      run: frame.run,
      scope: () => ({ ...attempt.scope(), item: items[index] as Json, index }),
      path: `${path}.${index}`,
      order: [...order, index],
      tree,
      stop,
      deadlines,
    };
    ends[index] = await runGroup(stage.stages, inner, lanes[index]!);
  };
  try {
    await Promise.all(Array.from({ length: Math.min(stage.limit, items.length) }, worker));
  } finally {
    stop.release();
  }
  const failed =
    errors.find((error) => error !== undefined && !(error instanceof Aborted)) ??
    errors.find((error) => error !== undefined);
  if (failed !== undefined) throw failed;
  const joined = await mergeTrees(
    { ...frame, path },
    lane,
    tree,
    ends.map((end, i) => ({ name: `item ${i}`, tree: end.tree })),
  );
  return { output: ends.map((end) => end.output), tree: joined };
}
