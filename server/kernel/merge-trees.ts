import type { Stage } from "@regent/contract";
import type { Digest } from "#platform";
import { Interrupted, type Lane } from "./engine.ts";
import { Aborted, StageFailed } from "./failure.ts";
import type { Frame } from "./frame.ts";
import { createJob } from "./job.ts";

/** Joins what branches made of one workspace. Recorded only where there is something to join. */
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
  const job = createJob({ stage, frame, lane, path, number: 1, scope: frame.scope, tree: base, deadlines: [] });
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
