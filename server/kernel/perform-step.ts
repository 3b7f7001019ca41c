import type { Json } from "@regent/contract";
import { Interrupted } from "./engine.ts";
import { type Envelope, packValue } from "./envelope.ts";
import { Aborted, toFailure } from "./failure.ts";
import type { Deadline, Timers } from "./frame.ts";
import type { Attempt } from "./job.ts";
import { isOperational, operationalReason, operationalWaitMs } from "./operational.ts";
import type { StepResult } from "./performer.ts";

/** Bodies that do not heed their signal are left behind after this time. */
const GRACE_MS = 1_500;

/** Runs a body with everything that may stop it, and turns whatever happens into an envelope. */
export async function performStep(
  attempt: Attempt,
  work: (signal: AbortSignal) => Promise<StepResult<Json>>,
): Promise<Envelope> {
  const { frame } = attempt;
  const { deps, control } = frame.run;
  await control.unpaused();
  const stop = new AbortController();
  const started = deps.clock.now();
  const limit = attempt.deadlines.reduce<Deadline | undefined>((a, b) => (a && a.at() <= b.at() ? a : b), undefined);
  const left = limit === undefined ? Number.POSITIVE_INFINITY : limit.at() - started;
  const end = (envelope: Omit<Envelope, "s" | "d">): Envelope => ({
    s: started,
    d: deps.clock.now() - started,
    ...envelope,
  });
  const outOfTime = () => end({ t: [limit!.owner, limit!.limitMs] });
  if (frame.stop.aborted || control.stop.aborted) return end({ a: 1 });
  if (left <= 0) return outOfTime();

  let why: "aborted" | "time" | undefined;
  let leave: (() => void) | undefined;
  const abandoned = new Promise<void>((resolve) => {
    leave = resolve;
  });
  let cancelGrace: (() => void) | undefined;
  const halt = (reason: "aborted" | "time") => {
    if (why !== undefined) return;
    why = reason;
    stop.abort(new Aborted());
    cancelGrace = deps.timers.after(GRACE_MS, () => leave!());
  };
  const onAbort = () => halt("aborted");
  frame.stop.onAbort(onAbort);
  control.stop.onAbort(onAbort);
  const cancelTimer = limit === undefined ? undefined : watch(deps.timers, deps.clock.now, limit, () => halt("time"));
  try {
    const result = await Promise.race([throughOutages(attempt, stop.signal, work), abandoned]);
    if (result === undefined || why === "aborted") return why === "time" ? outOfTime() : end({ a: 1 });
    const { spent, detail } = result;
    return end({
      ...(await packValue(result.value, deps.blobs)),
      ...(spent === undefined ? {} : { c: [spent.usdNanos, spent.tokens] as [number | null, number] }),
      ...(detail === undefined ? {} : { x: detail }),
    });
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    if (why === "time") return outOfTime();
    if (why === "aborted") return end({ a: 1 });
    const detail = detailOf(error);
    return end({ e: toFailure(error, attempt.path), ...(detail === undefined ? {} : detail) });
  } finally {
    frame.stop.offAbort(onAbort);
    control.stop.offAbort(onAbort);
    cancelTimer?.();
    cancelGrace?.();
  }
}

/** A full disk or a lost database is not the stage's failure: the body is done again when there may be room. */
async function throughOutages(
  { frame, path }: Attempt,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<StepResult<Json>>,
): Promise<StepResult<Json>> {
  const { deps, tracker } = frame.run;
  for (let tries = 0; ; tries++) {
    try {
      return await work(signal);
    } catch (error) {
      if (!isOperational(error) || signal.aborted) throw error;
      tracker.waitBegins(path, operationalReason(error));
      await new Promise<void>((resolve) => {
        const cancel = deps.timers.after(operationalWaitMs(tries), resolve);
        signal.addEventListener(
          "abort",
          () => {
            cancel();
            resolve();
          },
          { once: true },
        );
      });
      tracker.waitEnds(path, null);
    }
  }
}

/** Fires when the deadline has passed; it may move while it runs, because waits at gates do not count. */
function watch(timers: Timers, now: () => number, limit: Deadline, fire: () => void): () => void {
  let cancel: () => void = () => {};
  const arm = () => {
    const left = limit.at() - now();
    if (left <= 0) fire();
    else cancel = timers.after(left, arm);
  };
  arm();
  return () => cancel();
}

/** A failed call may have cost something and have something to show: performers attach it to the error. */
function detailOf(error: unknown): Pick<Envelope, "c" | "x"> | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { spent, show } = error as { spent?: { usdNanos: number | null; tokens: number }; show?: Record<string, Json> };
  if (spent === undefined && show === undefined) return undefined;
  return {
    ...(spent === undefined ? {} : { c: [spent.usdNanos, spent.tokens] }),
    ...(show === undefined ? {} : { x: show }),
  };
}
