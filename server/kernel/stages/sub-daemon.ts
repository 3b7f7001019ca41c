import { createHash } from "node:crypto";
import { type DaemonStage, fail, type Json, type JsonObject } from "@regent/contract";
import { Interrupted } from "../engine.ts";
import { unpackValue } from "../envelope.ts";
import { OutOfTime } from "../failure.ts";
import { unionMs } from "../frame.ts";
import { type Attempt, createJob } from "../job.ts";
import { persist } from "../operational.ts";
import type { Job, Performed } from "../performer.ts";
import type { RunInput, RunLimit, RunResult } from "../run-input.ts";

/**
 * A daemon as a stage: a child run with its own history, pinned to the version that was there when this run began. The
 * limits above it are told to the child, which keeps them: it alone knows how long it waits at gates.
 */
export async function runSubDaemon(stage: DaemonStage, attempt: Attempt): Promise<Performed> {
  const { frame, lane, path } = attempt;
  const { deps, id, input, tracker, control } = frame.run;
  const digest = input.pins[`daemon/${stage.daemon}`];
  if (digest === undefined) throw fail("not_found", { what: `daemon ${stage.daemon}` });
  const daemon = await persist(deps.timers, () => deps.definitions.daemon(digest));
  const given = deps.expressions.render(stage.with, attempt.scope());
  const checked = deps.checkInputs(
    daemon,
    isObject(given) ? given : {},
    await persist(deps.timers, () => deps.names(input.names)),
  );
  if (checked.errors.length > 0)
    throw fail("invalid_input", { daemon: daemon.id, errors: checked.errors as unknown as Json });

  const job = createJob({ ...attempt, deadlines: [] });
  const limits = attempt.deadlines.length === 0 ? [] : await limitsOf(attempt, job);
  const child: RunInput = {
    daemon: { id: daemon.id, version: daemon.version, digest },
    pins: input.pins,
    names: input.names,
    inputs: checked.inputs,
    given: checked.inputs,
    files: await persist(deps.timers, () => deps.inputFiles(daemon, checked.inputs)),
    trigger: { kind: "daemon", name: input.daemon.id, by: id },
    parent: id,
    queuedAt: deps.clock.now(),
    ...(limits.length === 0 ? {} : { limits }),
  };
  const run = childId(id, `${path}.${attempt.number}`);
  tracker.child(path, run);
  tracker.waitBegins(path, `run ${run}`);
  control.leave();
  const cancel = () => void persist(deps.timers, () => deps.cancel(run)).catch(() => {});
  frame.stop.onAbort(cancel);
  let result: RunResult;
  try {
    result = (await lane.child(`${path}#${attempt.number}`, {
      id: run,
      input: child as unknown as Json,
    })) as unknown as RunResult;
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    await wanted(job);
    throw fail("sub_daemon_failed", { daemon: daemon.id, status: "cancelled" }, error);
  } finally {
    frame.stop.offAbort(cancel);
    await control.enter();
  }
  tracker.waitEnds(path, result.endedAt);
  tracker.child(path, run, { usdNanos: result.spent[0], tokens: result.spent[1] });
  const waits = result.gateWaits ?? [];
  frame.run.gateWaits.push(...waits);
  if (result.status === "cancelled") await wanted(job);
  if (result.status === "timed_out") {
    const over = limits.find((limit) => limit.at + (limit.gates ? 0 : unionMs(waits)) <= result.endedAt);
    if (over !== undefined) throw new OutOfTime(over.owner, over.limitMs);
  }
  if (result.status !== "succeeded")
    throw fail("sub_daemon_failed", { daemon: daemon.id, status: result.status, reason: result.error?.message ?? "" });
  return { output: await unpackValue(result.output, deps.blobs) };
}

/** Moments, recorded: a restart does not extend them. */
async function limitsOf(attempt: Attempt, job: Job): Promise<RunLimit[]> {
  const limits = await job.step("clock", "limits", async () => ({
    value: attempt.deadlines.map(({ owner, limitMs, at }) => ({ owner, limitMs, at: at(), gates: owner !== "" })),
  }));
  return limits as RunLimit[];
}

/** Whether the child was cancelled because nobody wants this stage any more is recorded: a replay cannot know. */
const wanted = (job: Job): Promise<Json> => job.step("child", "cancelled", async () => ({ value: null }));

/** From the run's own id, never from its input: a fork must not attach to the child of the run it was forked from. */
function childId(parent: string, path: string): string {
  const plain = `${parent}.${path}`.replace(/[^0-9A-Za-z._-]/g, "-");
  if (plain.length <= 110) return plain;
  return `${plain.slice(0, 80)}.${createHash("sha256").update(plain).digest("hex").slice(0, 24)}`;
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
