import { type Daemon, fail } from "@regent/contract";
import type { Replay } from "./kernel.ts";
import { planOf } from "./plan.ts";
import type { RunInput } from "./run-input.ts";
import type { Reading } from "./view.ts";

/**
 * What a replay takes over: the ends, and the workspace after them, of all stages that do not come after the chosen one.
 * Exact whatever the daemon's shape, and it works across versions: a stage that the old run did not have runs anew.
 */
export function planReplay(
  from: Reading,
  daemon: Daemon,
  request: Replay,
): Pick<RunInput, "inputs" | "trigger" | "event" | "priority" | "forkedFrom" | "reuse"> {
  const { input, run } = from;
  const inputs = request.set === undefined ? input.given : { ...input.given, ...request.set };
  return {
    inputs,
    trigger: { kind: "replay", by: request.by },
    ...(input.event === undefined ? {} : { event: input.event }),
    ...(input.priority === undefined ? {} : { priority: input.priority }),
    forkedFrom: run.id,
    ...(request.from === undefined ? {} : { reuse: reuseBefore(request.from, from, daemon) }),
  };
}

function reuseBefore(from: string, reading: Reading, daemon: Daemon): NonNullable<RunInput["reuse"]> {
  const chosen = daemon.stages.find(
    (stage) => stage.id === from || stage.name === from || stage.id === from.split(".")[0],
  );
  if (chosen === undefined) throw fail("not_found", { what: `stage ${from} in daemon ${daemon.id}` });
  const { ancestors } = planOf(daemon.stages);
  const start = daemon.stages.indexOf(chosen);
  const anew = (index: number): boolean => index === start || ancestors[index]!.includes(start);
  const reuse: NonNullable<RunInput["reuse"]> = {};
  for (const [index, stage] of daemon.stages.entries()) {
    const view = reading.run.stages.find((one) => one.id === stage.id);
    const tree = reading.trees.get(stage.id);
    if (anew(index) || view === undefined || tree === undefined) continue;
    if (view.status !== "succeeded" && view.status !== "skipped" && view.status !== "failed") continue;
    if (view.status === "failed" && stage.onError.do !== "continue") continue;
    reuse[stage.id] = {
      status: view.status,
      output: view.output as never,
      tree,
      ...(view.error === null ? {} : { error: { code: view.error.code, message: view.error.message } }),
    };
  }
  return reuse;
}
