import type { Json, ScriptStage } from "@regent/contract";
import type { Job, Performed } from "#kernel";
import type { Digest } from "#platform";
import { detailOf, failureOf, runScript, type ScriptMachine } from "./run-script.ts";

/** One recorded step: the script's output and the workspace it leaves. */
export async function performScript(deps: ScriptMachine, stage: ScriptStage, job: Job): Promise<Performed> {
  const recorded = await job.step<{ output: Json; tree: string }>("script", stage.id, async (control) => {
    const end = await runScript(deps, stage, job, job.tree, control);
    if (end.tree === null) throw Object.assign(failureOf(end), { show: detailOf(end) });
    return { value: { output: end.output, tree: end.tree }, detail: detailOf(end) };
  });
  return { output: recorded.output, tree: recorded.tree as Digest };
}
