import type { Approval, ApprovalState, GateStage, Json, JsonObject, Verdict } from "@regent/contract";
import type { Performer } from "#kernel";
import type { Clock, Database, Ids, Transaction } from "#platform";
import { decideApproval } from "./decide-approval.ts";
import { escalateApproval } from "./escalate-approval.ts";
import { createGatePerformer } from "./gate.ts";
import { getApproval, listApprovals } from "./list-approvals.ts";
import { undoDecision } from "./undo-decision.ts";
import { withdrawApprovals, withdrawForgotten } from "./withdraw-approvals.ts";

/** What approvals need of the kernel. */
export interface RunMessages {
  /** @throws not_found  the run was removed */
  send(run: string, topic: string, message: Json, key: string, tx?: Transaction): Promise<void>;
}

/** What approvals need of the event log: what was decided is an event of the same transaction. */
export interface EventLog {
  emit(event: { id?: string; type: string; data: JsonObject; source: string }, tx?: Transaction): Promise<string>;
}

export interface ApprovalsDeps {
  db: Database;
  clock: Clock;
  ids: Ids;
  runs: RunMessages;
  events: EventLog;
}

export interface Decide {
  verdict: Verdict;
  /** Who decides: a member. The caller has checked the credential. */
  by: string;
  note?: string | null;
  /** Values that replace what was shown; only with `approve`. */
  changes?: JsonObject | null;
  /** The run goes on only after this long; until then `undo` takes the decision back. At most 24 hours. Default 0. */
  effectiveAfterMs?: number;
}

/** Questions that wait for people. The row of an approval is the truth; the run that asked follows it. */
export interface Approvals {
  /** Gates by people. Waits as long as the stage says, across restarts; expiry is decided once, by the row. */
  performer: Performer<GateStage>;
  /** @throws not_found */
  get(id: string): Promise<Approval>;
  /** Open ones that expire soonest first, then the newest. `limit` 1 to 200. */
  list(filter: ListApprovals): Promise<{ items: Approval[]; nextCursor: string | null }>;
  /**
   * Decides and wakes the run, in one transaction. The same verdict again returns the first decision, so callers may
   * retry.
   * @throws approval_already_decided  another verdict, or other changes, were recorded first
   * @throws approval_not_open         expired, or withdrawn because its run ended
   * @throws not_found, invalid_input, payload_too_large
   */
  decide(id: string, decision: Decide): Promise<Approval>;
  /**
   * Takes a decision back that is not yet effective; the approval is open again.
   * @throws decision_is_effective, approval_not_open, not_found
   */
  undo(id: string, by: string): Promise<Approval>;
  /**
   * Marks it as urgent for somebody else and starts its time anew, once. Repeating it changes nothing.
   * @throws approval_already_decided, approval_not_open, not_found
   */
  escalate(id: string, by: string): Promise<Approval>;
  /** The kernel calls this when a run has ended: nobody needs to answer any more. Returns how many were withdrawn. */
  runEnded(run: string, tx?: Transaction): Promise<number>;
  /** For ends that nobody saw, because the process died in between. Bounded; call it every few minutes. */
  sweep(hasEnded: (run: string) => Promise<boolean>): Promise<number>;
}

export interface ListApprovals {
  status?: ApprovalState;
  run?: string;
  limit: number;
  cursor?: string | null;
}

export function createApprovals(deps: ApprovalsDeps): Approvals {
  return {
    performer: createGatePerformer(deps),
    get: (id) => getApproval(deps, id),
    list: (filter) => listApprovals(deps, filter),
    decide: (id, decision) => decideApproval(deps, id, decision),
    undo: (id, by) => undoDecision(deps, id, by),
    escalate: (id, by) => escalateApproval(deps, id, by),
    runEnded: (run, tx) => withdrawApprovals(deps, run, tx),
    sweep: (hasEnded) => withdrawForgotten(deps, hasEnded),
  };
}
