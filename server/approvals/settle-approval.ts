import type { Json, Verdict } from "@regent/contract";
import type { ApprovalsDeps } from "./approvals.ts";
import { escalate } from "./escalate-approval.ts";
import { type ApprovalRow, closeByExpiry, lockApproval, markTaken, notifyChange } from "./store.ts";

/** An approval that is over, as the run records it. */
export type Closed = {
  approval: string;
  verdict: Verdict;
  by: string;
  note: string | null;
  changes: Json;
  /** ISO 8601, UTC. */
  at: string;
  reason: "decided" | "expired" | "withdrawn";
};

/** Still open: wait on until this moment (ms), or for as long as it takes. */
export type Open = { until: number | null };

export const isClosed = (value: Json): value is Closed =>
  typeof value === "object" && value !== null && !Array.isArray(value) && typeof value["verdict"] === "string";

/**
 * Closes the approval if it is time: takes a decision that has become effective, or decides the expiry. The row is
 * locked meanwhile, so a person and the clock have one winner, and a repetition finds what the first time wrote.
 */
export async function settleApproval(deps: ApprovalsDeps, id: string): Promise<Closed | Open> {
  const now = deps.clock.now();
  return deps.db.transaction(async (tx) => {
    const row = await lockApproval(tx, id);
    if (!row || row.state === "withdrawn") return withdrawn(id, now);
    if (row.state === "expired") return toClosed(row);
    if (row.state === "decided") {
      if (row.effective_at!.getTime() > now && !row.taken_at) return { until: row.effective_at!.getTime() };
      await markTaken(tx, id, new Date(now));
      return toClosed(row);
    }
    if (!row.expires_at) return { until: null };
    if (row.expires_at.getTime() > now) return { until: row.expires_at.getTime() };
    if (row.otherwise === "escalate" && !row.escalated_at) {
      const escalated = await escalate(deps, tx, row, "expiry", now);
      return { until: escalated.expires_at!.getTime() };
    }
    const expired = (await closeByExpiry(tx, id, {
      verdict: row.otherwise === "approve" ? "approve" : "reject",
      at: new Date(now),
    }))!;
    await deps.events.emit(
      {
        type: "approval.expired",
        data: { approval: id, run: row.run_id, daemon: row.daemon, stage: row.stage, verdict: expired.verdict },
        source: `run:${row.run_id}`,
      },
      tx,
    );
    await notifyChange(tx, expired);
    return toClosed(expired);
  });
}

export const toClosed = (row: ApprovalRow): Closed => ({
  approval: row.id,
  verdict: row.verdict!,
  by: row.decided_by!,
  note: row.note,
  changes: row.changes as Json,
  at: row.decided_at!.toISOString(),
  reason: row.state === "expired" ? "expired" : "decided",
});

/** Only a run that has ended has withdrawn approvals; should it still ask, absent means no. */
const withdrawn = (id: string, now: number): Closed => ({
  approval: id,
  verdict: "reject",
  by: "regent",
  note: null,
  changes: null,
  at: new Date(now).toISOString(),
  reason: "withdrawn",
});
