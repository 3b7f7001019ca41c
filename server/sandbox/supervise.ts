/** Stands beside a running script until everything that it started is dead, and ends it for the first good reason. */
import type { ControlGroup } from "./control-groups.ts";
import type { Output } from "./output.ts";
import type { Limits, Outcome, ScriptControl } from "./sandbox.ts";
import type { ScriptProcess } from "./script-process.ts";
import { startWallClock } from "./wall-clock.ts";
import { type Usage, watch } from "./watch.ts";

export interface Supervision {
  directory: string;
  limits: Limits;
  control: ScriptControl;
  output: Output;
  group: ControlGroup | undefined;
}

export interface End {
  /** Why we ended it; absent when it ended by itself. */
  reason: Outcome | undefined;
  /** Absent when the walls never stood. */
  exitCode: number | null;
  /** The driver's program could not even be started. */
  failure: Error | undefined;
  usage: Usage;
}

export async function supervise(
  script: ScriptProcess,
  { directory, limits, control, output, group }: Supervision,
): Promise<End> {
  let reason: Outcome | undefined;
  const stopFor = (outcome: Outcome) => {
    reason ??= outcome;
    script.kill();
  };
  script.onOutput((chunk, stream) => {
    const kept = output.add(chunk, stream);
    if (kept.length > 0 && !reason) control.onOutput?.(kept, stream);
    if (output.truncated) stopFor("output-limit");
  });
  const wall = startWallClock(limits.wallMs, () => stopFor("timeout"));
  const watched = watch(script, directory, limits, group, stopFor);
  const abort = () => stopFor("cancelled");
  control.signal.addEventListener("abort", abort);
  const freeze = (frozen: boolean) => {
    wall.freeze(frozen);
    script.freeze(frozen);
  };
  const unsubscribe = control.freeze?.onChange(freeze);
  if (control.freeze?.isFrozen()) freeze(true);
  if (control.signal.aborted) abort();

  const end = await script.exited;
  watched.stop();
  wall.stop();
  control.signal.removeEventListener("abort", abort);
  unsubscribe?.();
  await script.settle();
  reason ??= await watched.excessAtEnd();
  const failure = "failure" in end ? end.failure : undefined;
  const exitCode = "code" in end && script.reported ? end.code : null;
  return { reason, exitCode, failure, usage: watched.usage };
}
