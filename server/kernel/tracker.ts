import { addSpent, type Failure, type Json, NOTHING_SPENT, type Spent, type StageStatus } from "@regent/contract";
import type { Digest } from "#platform";
import { type Envelope, spentOf } from "./envelope.ts";
import type { RunResult } from "./run-input.ts";

export interface TrackedStage {
  id: string;
  name: string;
  type: string;
}

export interface TrackedStep {
  id: string;
  kind: string;
  name: string;
  attempt: number;
}

/**
 * Follows one interpretation of a run as far as lists show it: does it work or wait, for what, and what has it cost.
 * `StageTracker` adds the stages; it reads the same calls, so a list and a page cannot tell different stories.
 */
export class Tracker {
  status: "queued" | "running" | "waiting" = "queued";
  startedAt: number | null = null;
  offline = false;
  spent: Spent = NOTHING_SPENT;
  result: RunResult | null = null;
  /** This process no longer leads the run: it was cancelled, or another process owns it. */
  gone = false;
  #busy = 0;
  /** Most runs wait for one thing at a time; a map is made for the second. */
  #wait: { path: string; why: string } | undefined;
  #more: Map<string, string> | undefined;
  readonly #onChange: () => void;

  constructor(onChange: () => void = () => {}) {
    this.#onChange = onChange;
  }

  /** @param order  place among its siblings, outermost first: stages are shown as declared, not as they began */
  stageBegins(_path: string, _stage: TrackedStage, _order: number[], _attempt: number): void {}

  /** @param tree  the workspace after a stage at the top: a fork begins with it */
  stageEnds(_path: string, _status: StageStatus, _output: Json, _error: Failure | null, _tree?: Digest): void {}

  /** A run below this one: begun, or (with what it spent) ended. */
  child(_path: string, _run: string, spent?: Spent): void {
    if (spent !== undefined) this.spent = addSpent(this.spent, spent);
  }

  stepBegins(): void {
    this.#busy += 1;
    this.#settle();
  }

  stepEnds(_path: string, _step: TrackedStep, envelope: Envelope): void {
    this.#busy -= 1;
    if (envelope.x?.offline === true) this.offline = true;
    this.startedAt = Math.min(this.startedAt ?? envelope.s, envelope.s);
    if (envelope.c !== undefined) this.spent = addSpent(this.spent, spentOf(envelope));
    this.#settle();
  }

  /** The step was interrupted: nothing of it is recorded. */
  stepGone(): void {
    this.#busy -= 1;
  }

  waitBegins(path: string, why: string): void {
    if (this.#wait === undefined || this.#wait.path === path) this.#wait = { path, why };
    else {
      this.#more ??= new Map();
      this.#more.set(path, why);
    }
    this.#settle();
  }

  waitEnds(path: string, _at: number | null): void {
    if (this.#wait?.path === path) {
      const next = this.#more?.entries().next().value;
      this.#wait = next === undefined ? undefined : { path: next[0], why: next[1] };
      if (next !== undefined) this.#more?.delete(next[0]);
    } else this.#more?.delete(path);
    this.#settle();
  }

  interrupted(): void {
    this.gone = true;
    this.#onChange();
  }

  end(result: RunResult): void {
    this.result = result;
    this.#onChange();
  }

  get waitingFor(): string | null {
    return this.status === "waiting" ? (this.#wait?.why ?? null) : null;
  }

  #settle(): void {
    const status = this.#busy === 0 && this.#wait !== undefined ? "waiting" : "running";
    if (status === this.status) return;
    this.status = status;
    this.#onChange();
  }
}
