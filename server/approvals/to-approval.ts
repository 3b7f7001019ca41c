import type { Approval } from "@regent/contract";
import type { ApprovalRow } from "./store.ts";

/** The shape that leaves the server. */
export const toApproval = (row: ApprovalRow): Approval => ({
  id: row.id,
  state: row.state,
  run: row.run_id,
  daemon: row.daemon,
  stage: row.stage,
  ask: row.ask,
  show: row.show,
  who: row.who,
  requested_at: row.requested_at.toISOString(),
  expires_at: row.expires_at?.toISOString() ?? null,
  otherwise: row.otherwise,
  escalated_at: row.escalated_at?.toISOString() ?? null,
  decision:
    row.verdict && row.decided_at && row.effective_at
      ? {
          verdict: row.verdict,
          by: row.decided_by ?? "",
          note: row.note,
          changes: row.changes,
          decided_at: row.decided_at.toISOString(),
          effective_at: row.effective_at.toISOString(),
        }
      : null,
});
