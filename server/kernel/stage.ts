import { type Failure, fail, type Json, type Stage, type StagePatch } from "@regent/contract";
import type { Digest } from "#platform";
import { Interrupted, type Lane } from "./engine.ts";
import { Aborted, GoTo, isFinal, OutOfTime, StageFailed, toFailure } from "./failure.ts";
import type { Frame } from "./frame.ts";
import { type Attempt, createJob } from "./job.ts";
import type { Performed, Scope } from "./performer.ts";
import { remembered } from "./remember.ts";
import type { StageEnd } from "./scope.ts";
import { composites } from "./stages/index.ts";

export type StageOutcome = StageEnd & { tree: Digest };

/**
 * One stage from `when` to its end: attempts, then fallbacks, then what `on_error` says.
 * @throws StageFailed  it failed for good and its group must fail with it
 * @throws GoTo         it failed and a handler stage ends the run
 */
export async function runStage(
  stage: Stage,
  frame: Frame,
  lane: Lane,
  order: number[],
  tree: Digest,
  scope: () => Scope,
): Promise<StageOutcome> {
  const path = frame.path === "" ? stage.id : `${frame.path}.${stage.id}`;
  const { tracker, deps } = frame.run;
  const skipped = { status: "skipped", output: null, tree } as const;

  const variants = variantsOf(stage);
  const lanes = isComposite(stage) ? lane.split(variants.reduce((sum, variant) => sum + attemptsOf(variant), 0)) : null;
  let failure: Failure | undefined;
  let number = 0;
  try {
    if (stage.when !== undefined && deps.expressions.evaluate(stage.when, scope()) !== true) {
      tracker.stageBegins(path, stage, order, 0);
      tracker.stageEnds(path, "skipped", null, null, frame.path === "" ? tree : undefined);
      return skipped;
    }
  } catch (error) {
    tracker.stageBegins(path, stage, order, 1);
    failure = toFailure(error, path);
  }

  for (const variant of failure === undefined ? variants : []) {
    const attempts = attemptsOf(variant);
    for (let nth = 1; nth <= attempts; nth++) {
      number += 1;
      if (frame.stop.aborted) throw new Aborted();
      tracker.stageBegins(path, stage, order, number);
      const attempt = attemptOf(variant, { frame, lane: lanes?.[number - 1] ?? lane, path, number, scope, tree });
      try {
        const performed = await perform(variant, attempt, order);
        const after = performed.tree ?? tree;
        tracker.stageEnds(path, "succeeded", performed.output, null, frame.path === "" ? after : undefined);
        return { status: "succeeded", output: performed.output, tree: after };
      } catch (error) {
        passOn(error, path, tracker);
        failure = timedOut(error, path) ?? toFailure(error, path);
        if (isFinal(failure)) break;
        if (nth < attempts) await backOff(variant, attempt, nth);
      }
    }
    if (failure !== undefined && isFinal(failure)) break;
  }
  return endOf(stage, path, frame, tree, failure!, scope);
}

async function perform(stage: Stage, attempt: Attempt, order: number[]): Promise<Performed> {
  const { frame } = attempt;
  const { control } = frame.run;
  await control.unpaused();
  const counts = !isComposite(stage);
  if (counts) await control.enter();
  try {
    const performed =
      stage.cache === undefined
        ? await dispatch(stage, attempt, order)
        : await remembered(stage, attempt, () => dispatch(stage, attempt, order));
    checkEvidence(stage, attempt, performed.output);
    return performed;
  } finally {
    if (counts) control.leave();
  }
}

function dispatch(stage: Stage, attempt: Attempt, order: number[]): Promise<Performed> {
  const composite = composites[stage.type];
  if (composite !== undefined) return composite(stage as never, attempt, order);
  const performer = attempt.frame.run.deps.performers[stage.type];
  if (performer === undefined) throw fail("daemon_cannot_start", { missing: `stages of type ${stage.type}` });
  return performer.perform(stage as never, createJob(attempt));
}

function checkEvidence(stage: Stage, attempt: Attempt, output: Json): void {
  if (stage.evidence.length === 0) return;
  const scope = {
    ...attempt.scope(),
    output,
    [stage.id]: output,
    ...(stage.output === undefined ? {} : { [stage.output]: output }),
  };
  for (const expression of stage.evidence)
    if (attempt.frame.run.deps.expressions.evaluate(expression, scope) !== true)
      throw fail("evidence_false", { expression });
}

/** What `on_error` (of a rejected gate: `on_reject`) makes of a stage that failed for good. */
function endOf(
  stage: Stage,
  path: string,
  frame: Frame,
  tree: Digest,
  failure: Failure,
  scope: () => Scope,
): StageOutcome {
  frame.run.tracker.stageEnds(path, "failed", null, failure, frame.path === "" ? tree : undefined);
  const onError = stage.type === "gate" && failure.code === "rejected" ? stage.onReject : stage.onError;
  if (onError.do === "goto") throw new GoTo(onError.stage, failure, tree, scope());
  if (onError.do === "fail") throw new StageFailed(failure);
  return { status: "failed", output: null, tree, error: { code: failure.code, message: failure.message } };
}

/** What is not this stage's own failure goes up untouched. */
function passOn(
  error: unknown,
  path: string,
  tracker: { stageEnds(path: string, status: "cancelled" | "failed", output: null, error: Failure | null): void },
): void {
  if (error instanceof Interrupted) throw error;
  if (error instanceof Aborted) {
    tracker.stageEnds(path, "cancelled", null, null);
    throw error;
  }
  if (error instanceof OutOfTime && error.owner !== path) {
    tracker.stageEnds(path, "cancelled", null, null);
    throw error;
  }
  if (error instanceof GoTo) {
    tracker.stageEnds(path, "failed", null, error.failure);
    throw error;
  }
}

const timedOut = (error: unknown, path: string): Failure | undefined =>
  error instanceof OutOfTime ? toFailure(fail("stage_timed_out", { limit: spell(error.limitMs) }), path) : undefined;

export const spell = (ms: number): string =>
  ms < 1_000 ? `${ms}ms` : ms < 120_000 ? `${ms / 1_000}s` : ms < 7_200_000 ? `${ms / 60_000}m` : `${ms / 3_600_000}h`;

function attemptOf(stage: Stage, given: Omit<Attempt, "stage" | "deadlines">): Attempt {
  const { frame, path } = given;
  if (stage.timeoutMs === undefined) return { ...given, stage, deadlines: frame.deadlines };
  const limitMs = stage.timeoutMs;
  const startedAt = frame.run.deps.clock.now();
  return { ...given, stage, deadlines: [...frame.deadlines, { owner: path, limitMs, at: () => startedAt + limitMs }] };
}

/**
 * A wait between attempts that survives a crash and ends early when nobody wants the stage any more. The timeout of the
 * stage is one of each attempt, so it does not bound the wait; what encloses the stage does.
 */
async function backOff(stage: Stage, attempt: Attempt, nth: number): Promise<void> {
  const retry = stage.retry!;
  const ms = Math.min(retry.maxMs, retry.firstMs * retry.factor ** (nth - 1));
  const job = createJob({ ...attempt, deadlines: attempt.frame.deadlines });
  await job.receive(`retry:${attempt.path}#${attempt.number}`, { timeoutMs: ms, why: `retry in ${spell(ms)}` });
}

const attemptsOf = (stage: Stage): number => Math.max(1, stage.retry?.attempts ?? 1);

const isComposite = (stage: Stage): boolean => stage.type === "parallel" || stage.type === "for-each";

/** The stage as declared, then with each fallback's fields in place of its own. */
function variantsOf(stage: Stage): Stage[] {
  const patched = stage.fallback.map((patch: StagePatch) => ({ ...stage, ...patch, retry: undefined }) as Stage);
  return [stage, ...patched];
}
