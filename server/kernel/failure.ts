import { type Failure, fail, isErrorCode, type Json, RegentError } from "@regent/contract";
import type { Digest } from "#platform";
import type { Scope } from "./performer.ts";

/** A sibling failed, or enough branches of a join are done: this stage is no longer wanted. Never retried. */
export class Aborted extends Error {
  override name = "Aborted";
}

/** The time of an enclosing stage (`owner` is its path) or of the run (`owner` is empty) is over. */
export class OutOfTime extends Error {
  override name = "OutOfTime";
  readonly owner: string;
  readonly limitMs: number;
  constructor(owner: string, limitMs: number) {
    super(`out of time: ${owner}`);
    this.owner = owner;
    this.limitMs = limitMs;
  }
}

/** A stage failed for good and names the handler stage that ends the run. */
export class GoTo extends Error {
  override name = "GoTo";
  readonly handler: string;
  readonly failure: Failure;
  /** The files and names that the failed stage had: the handler has the same. */
  readonly tree: Digest;
  readonly scope: Scope;
  constructor(handler: string, failure: Failure, tree: Digest, scope: Scope) {
    super(failure.message);
    this.handler = handler;
    this.failure = failure;
    this.tree = tree;
    this.scope = scope;
  }
}

/** A stage failed for good: its group, and what encloses it, fail with it. */
export class StageFailed extends Error {
  override name = "StageFailed";
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Doing these again gives the same again: no retry, no fallback. */
const FINAL: ReadonlySet<string> = new Set([
  "rejected",
  "expression_failed",
  "conflicting_files",
  "too_many_items",
  "invalid_input",
  "budget_spent",
]);

export const isFinal = (failure: Failure): boolean => FINAL.has(failure.code);

/** What is recorded of an error: the code and one sentence, never a stack. */
export function toFailure(error: unknown, stage?: string): Failure {
  const at = stage === undefined ? {} : { stage };
  if (error instanceof StageFailed) return error.failure;
  if (error instanceof RegentError) {
    const detail = Object.keys(error.detail).length > 0 ? { detail: error.detail } : {};
    return { code: error.code, message: error.message, ...at, ...detail };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "internal", message: message.slice(0, 2_000), ...at };
}

/** A recorded failure as an error again, so that callers see on replay what they saw the first time. */
export function toError(failure: Failure): Error {
  if (!isErrorCode(failure.code)) return new StageFailed(failure);
  const error: Error = fail(failure.code, (failure.detail ?? {}) as Record<string, Json>);
  error.message = failure.message;
  return error;
}
