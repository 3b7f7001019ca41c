import { type Approval, fail, type RegentError } from "@regent/contract";
import type { ApprovalsDeps } from "./approvals.ts";
import { topicOf } from "./gate.ts";
import { type ApprovalRow, findApproval, notifyChange, reopen } from "./store.ts";
import { toApproval } from "./to-approval.ts";

export async function undoDecision(deps: ApprovalsDeps, id: string, by: string): Promise<Approval> {
  const now = deps.clock.now();
  return deps.db.transaction(async (tx) => {
    const row = await reopen(tx, id, new Date(now));
    if (!row) {
      const found = await findApproval(tx, id);
      if (!found) throw fail("not_found", { what: "approval", id });
      throw whyNotUndone(found);
    }
    await deps.events.emit(
      {
        type: "approval.reopened",
        data: { approval: id, run: row.run_id, daemon: row.daemon, stage: row.stage, by },
        source: `member:${by}`,
      },
      tx,
    );
    await deps.runs.send(row.run_id, topicOf(id), { look: id }, `decision:${id}:${row.round}`, tx);
    await notifyChange(tx, row);
    return toApproval(row);
  });
}

function whyNotUndone({ id, state, effective_at }: ApprovalRow): RegentError {
  if (state === "decided") return fail("decision_is_effective", { approval: id, at: effective_at!.toISOString() });
  return fail("approval_not_open", { approval: id, state: state === "open" ? "not decided" : state });
}
