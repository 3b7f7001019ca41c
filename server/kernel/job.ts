import type { Json, Stage, Template } from "@regent/contract";
import type { Digest } from "#platform";
import type { Lane } from "./engine.ts";
import { Interrupted } from "./engine.ts";
import { type Envelope, packValue, unpackValue } from "./envelope.ts";
import { Aborted, OutOfTime, toError, toFailure } from "./failure.ts";
import { type Deadline, type Frame, unionMs } from "./frame.ts";
import { isOperational, operationalReason, operationalWaitMs, persist } from "./operational.ts";
import type { Job, Scope, StepControl, StepResult } from "./performer.ts";

/** Bodies that do not heed their signal are left behind after this time. */
const GRACE_MS = 1_500;
/** The longest wait that is asked of the engine in one go: a hundred years. */
const FOREVER_MS = 100 * 365 * 86_400_000;

export interface Attempt {
  stage: Stage;
  frame: Frame;
  lane: Lane;
  path: string;
  number: number;
  scope: () => Scope;
  tree: Digest;
  deadlines: Deadline[];
}

/** What a message looks like on its way: abort says that nobody wants the answer any more. */
interface Message {
  m?: Json;
  at: number;
  abort?: 1;
}

export const toMessage = (message: Json, at: number): Json => ({ m: message, at });

/** What a performer gets for one attempt of one stage. */
export function createJob(attempt: Attempt): Job {
  const { stage, frame, lane, path } = attempt;
  const { run } = frame;
  const { deps } = run;
  const names = new Map<string, number>();
  let lastAt = 0;
  let waits = 0;

  async function recorded(kind: string, name: string, body: () => Promise<Envelope>): Promise<Envelope> {
    const nth = (names.get(`${kind}:${name}`) ?? 0) + 1;
    names.set(`${kind}:${name}`, nth);
    const label = `${path}#${attempt.number}/${kind}:${name}${nth > 1 ? `~${nth}` : ""}`;
    run.tracker.stepBegins();
    let envelope: Envelope;
    try {
      envelope = (await lane.step(label, body as unknown as () => Promise<Json>)) as unknown as Envelope;
    } catch (error) {
      run.tracker.stepGone();
      throw error;
    }
    lastAt = envelope.s + envelope.d;
    run.tracker.stepEnds(path, { id: label, kind, name, attempt: attempt.number }, envelope);
    if (envelope.a !== undefined) throw new Aborted();
    if (envelope.t !== undefined) throw new OutOfTime(...envelope.t);
    if (envelope.e !== undefined) throw toError(envelope.e);
    return envelope;
  }

  const job: Job = {
    run: {
      id: run.id,
      daemon: run.daemon.id,
      ...(run.limitNanos === undefined ? {} : { limitNanos: run.limitNanos }),
    },
    path,
    key: `${run.id}/${path}`,
    attempt: attempt.number,
    get scope() {
      return attempt.scope();
    },
    get input() {
      return stage.input === undefined ? null : deps.expressions.render(stage.input, attempt.scope());
    },
    tree: attempt.tree,
    files: run.input.files,
    cachePaths: run.daemon.cachePaths,
    render: (template: Template) => deps.expressions.render(template, attempt.scope()),
    async definition<T>(kind: string, reference: string) {
      const digest =
        run.input.pins[`${kind}/${reference}`] ?? run.input.pins[`${kind}/${reference.replaceAll("_", "-")}`];
      return digest === undefined ? undefined : ((await deps.definitions.body(digest)) as T | undefined);
    },
    async step<T extends Json>(kind: string, name: string, work: (control: StepControl) => Promise<StepResult<T>>) {
      const envelope = await recorded(kind, name, () =>
        perform(attempt, (signal) =>
          work({ signal, freeze: run.control.freeze, key: `${run.id}/${path}/${kind}:${name}` }),
        ),
      );
      return (await unpackValue(envelope, deps.blobs)) as T;
    },
    async now() {
      const envelope = await recorded("clock", "now", async () => {
        const at = deps.clock.now();
        return { s: at, d: 0, v: at };
      });
      return envelope.v as number;
    },
    async receive<T extends Json>(topic: string, options: { timeoutMs?: number; why: string }): Promise<T | null> {
      waits += 1;
      const deadlines = attempt.deadlines.filter((deadline) => stage.type !== "gate" || deadline.owner !== "");
      const first =
        deadlines.length === 0
          ? undefined
          : await nearest(job, deadlines, options.timeoutMs ?? FOREVER_MS, deps.clock.now);
      const timeoutMs = Math.max(1, first?.ms ?? options.timeoutMs ?? FOREVER_MS);
      const from = lastAt;
      const abort = () =>
        void persist(deps.timers, () =>
          deps.send(run.id, topic, { abort: 1, at: deps.clock.now() }, `abort:${path}#${attempt.number}:${waits}`),
        ).catch(() => {});
      const signals = [frame.signal, run.control.signal];
      for (const signal of signals) {
        if (signal.aborted) abort();
        signal.addEventListener("abort", abort, { once: true });
      }
      run.tracker.waitBegins(path, options.why);
      run.control.leave();
      let message: Message | null;
      try {
        message = (await lane.receive(`${path}#${attempt.number}`, topic, timeoutMs)) as Message | null;
      } finally {
        for (const signal of signals) signal.removeEventListener("abort", abort);
        const entered = run.control.enter();
        if (!signals.some((signal) => signal.aborted)) await entered;
      }
      run.tracker.waitEnds(path, message?.at ?? null);
      if (message?.abort !== undefined) throw new Aborted();
      if (stage.type === "gate" && from > 0) run.gateWaits.push({ from, to: message?.at ?? from + timeoutMs });
      if (message === null && first !== undefined && first.owner !== null)
        throw new OutOfTime(first.owner, first.limitMs);
      return message === null ? null : ((message.m ?? null) as T);
    },
  };
  return job;
}

/** Which limit ends a wait first is recorded, because the clock of a replay is another one. */
async function nearest(
  job: Job,
  deadlines: Deadline[],
  ownMs: number,
  now: () => number,
): Promise<{ owner: string | null; ms: number; limitMs: number }> {
  return job.step("clock", "limit", async () => {
    const at = now();
    const limits = deadlines.map((deadline) => ({
      owner: deadline.owner,
      ms: deadline.at() - at,
      limitMs: deadline.limitMs,
    }));
    const first = limits.reduce((a, b) => (b.ms < a.ms ? b : a));
    return { value: first.ms < ownMs ? first : { owner: null, ms: ownMs, limitMs: ownMs } };
  });
}

/** Runs a body with everything that may stop it, and turns whatever happens into an envelope. */
async function perform(attempt: Attempt, work: (signal: AbortSignal) => Promise<StepResult<Json>>): Promise<Envelope> {
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
  if (frame.signal.aborted || control.signal.aborted) return end({ a: 1 });
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
  frame.signal.addEventListener("abort", onAbort, { once: true });
  control.signal.addEventListener("abort", onAbort, { once: true });
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
    frame.signal.removeEventListener("abort", onAbort);
    control.signal.removeEventListener("abort", onAbort);
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
function watch(
  timers: { after(ms: number, work: () => void): () => void },
  now: () => number,
  limit: Deadline,
  fire: () => void,
): () => void {
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

export const deadlineOfRun = (
  frame: { gateWaits: { from: number; to: number }[] },
  startedAt: number,
  limitMs: number,
): Deadline => ({
  owner: "",
  limitMs,
  at: () => startedAt + limitMs + unionMs(frame.gateWaits),
});
