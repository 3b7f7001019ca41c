import type { Json, Stage, Template } from "@regent/contract";
import type { Digest } from "#platform";
import type { Lane } from "./engine.ts";
import { type Envelope, unpackValue } from "./envelope.ts";
import { Aborted, OutOfTime, toError } from "./failure.ts";
import { type Deadline, type Frame, type RunFrame, unionMs } from "./frame.ts";
import { persist } from "./operational.ts";
import { performStep } from "./perform-step.ts";
import type { Job, Scope, StepControl, StepResult } from "./performer.ts";

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
    const envelope = await this.#record(kind, name, () =>
      performStep(attempt, (signal) => work({ signal, freeze, key })),
    );
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

export const deadlineOfRun = (
  frame: { gateWaits: { from: number; to: number }[] },
  startedAt: number,
  limitMs: number,
): Deadline => ({
  owner: "",
  limitMs,
  at: () => startedAt + limitMs + unionMs(frame.gateWaits),
});
