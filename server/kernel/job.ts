import type { Json, Stage, Template } from "@regent/contract";
import type { Digest } from "#platform";
import type { Lane } from "./engine.ts";
import { Interrupted } from "./engine.ts";
import { type Envelope, packValue, unpackValue } from "./envelope.ts";
import { Aborted, OutOfTime, toError, toFailure } from "./failure.ts";
import { type Deadline, type Frame, type RunFrame, unionMs } from "./frame.ts";
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
export const createJob = (attempt: Attempt): Job => new AttemptJob(attempt);

class AttemptJob implements Job {
  readonly #attempt: Attempt;
  readonly path: string;
  readonly attempt: number;
  readonly tree: Digest;
  #names: Map<string, number> | undefined;
  #lastAt = 0;
  #waits = 0;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
    this.path = attempt.path;
    this.attempt = attempt.number;
    this.tree = attempt.tree;
  }

  get run(): Job["run"] {
    const { id, daemon, limitNanos } = this.#attempt.frame.run;
    return { id, daemon: daemon.id, ...(limitNanos === undefined ? {} : { limitNanos }) };
  }
  get key(): string {
    return `${this.#attempt.frame.run.id}/${this.path}`;
  }
  get scope(): Scope {
    return this.#attempt.scope();
  }
  get input(): Json {
    const { input } = this.#attempt.stage;
    return input === undefined ? null : this.render(input);
  }
  get files(): Job["files"] {
    return this.#attempt.frame.run.input.files;
  }
  get cachePaths(): string[] {
    return this.#attempt.frame.run.daemon.cachePaths;
  }

  render(template: Template): Json {
    return this.#attempt.frame.run.deps.expressions.render(template, this.#attempt.scope());
  }

  async definition<T>(kind: string, reference: string): Promise<T | undefined> {
    const { deps, input } = this.#attempt.frame.run;
    const digest = input.pins[`${kind}/${reference}`] ?? input.pins[`${kind}/${reference.replaceAll("_", "-")}`];
    return digest === undefined ? undefined : ((await deps.definitions.body(digest)) as T | undefined);
  }

  async step<T extends Json>(
    kind: string,
    name: string,
    work: (control: StepControl) => Promise<StepResult<T>>,
  ): Promise<T> {
    const attempt = this.#attempt;
    const { freeze } = attempt.frame.run.control;
    const key = `${this.key}/${kind}:${name}`;
    const envelope = await this.#record(kind, name, () => perform(attempt, (signal) => work({ signal, freeze, key })));
    return (await unpackValue(envelope, attempt.frame.run.deps.blobs)) as T;
  }

  async now(): Promise<number> {
    const { clock } = this.#attempt.frame.run.deps;
    const envelope = await this.#record("clock", "now", async () => {
      const at = clock.now();
      return { s: at, d: 0, v: at };
    });
    return envelope.v as number;
  }

  async receive<T extends Json>(topic: string, options: { timeoutMs?: number; why: string }): Promise<T | null> {
    const { stage, frame, lane, path, number } = this.#attempt;
    const { run } = frame;
    const isGate = stage.type === "gate";
    const deadlines = this.#attempt.deadlines.filter((deadline) => !isGate || deadline.owner !== "");
    const own = options.timeoutMs ?? FOREVER_MS;
    const first = deadlines.length === 0 ? undefined : await nearest(this, deadlines, own, run.deps.clock.now);
    const timeoutMs = Math.max(1, first?.ms ?? own);
    const from = this.#lastAt;
    const key = `abort:${path}#${number}:${++this.#waits}`;
    const abort = () => wake(run, topic, key);
    frame.stop.onAbort(abort);
    run.control.stop.onAbort(abort);
    run.tracker.waitBegins(path, options.why);
    run.control.leave();
    let message: Message | null;
    try {
      message = (await lane.receive(`${path}#${number}`, topic, timeoutMs)) as Message | null;
    } finally {
      const stopped = frame.stop.aborted || run.control.stop.aborted;
      frame.stop.offAbort(abort);
      run.control.stop.offAbort(abort);
      const entered = run.control.enter();
      if (!stopped) await entered;
    }
    run.tracker.waitEnds(path, message?.at ?? null);
    if (message?.abort !== undefined) throw new Aborted();
    if (isGate && from > 0) run.gateWaits.push({ from, to: message?.at ?? from + timeoutMs });
    if (message === null && first !== undefined && first.owner !== null)
      throw new OutOfTime(first.owner, first.limitMs);
    return message === null ? null : ((message.m ?? null) as T);
  }

  async #record(kind: string, name: string, body: () => Promise<Envelope>): Promise<Envelope> {
    const { frame, lane, path, number } = this.#attempt;
    const { tracker } = frame.run;
    this.#names ??= new Map();
    const nth = (this.#names.get(`${kind}:${name}`) ?? 0) + 1;
    this.#names.set(`${kind}:${name}`, nth);
    const label = `${path}#${number}/${kind}:${name}${nth > 1 ? `~${nth}` : ""}`;
    tracker.stepBegins();
    let envelope: Envelope;
    try {
      envelope = (await lane.step(label, body as unknown as () => Promise<Json>)) as unknown as Envelope;
    } catch (error) {
      tracker.stepGone();
      throw error;
    }
    this.#lastAt = envelope.s + envelope.d;
    tracker.stepEnds(path, { id: label, kind, name, attempt: number }, envelope);
    if (envelope.a !== undefined) throw new Aborted();
    if (envelope.t !== undefined) throw new OutOfTime(...envelope.t);
    if (envelope.e !== undefined) throw toError(envelope.e);
    return envelope;
  }
}

/** A lane that waits and is no longer wanted gets a message that says so; it is recorded like any other. */
function wake(run: RunFrame, topic: string, key: string): void {
  const { deps } = run;
  const message = { abort: 1, at: deps.clock.now() };
  void persist(deps.timers, () => deps.send(run.id, topic, message, key)).catch(() => {});
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
