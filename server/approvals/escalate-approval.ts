import { type Approval, fail } from "@regent/contract";
import type { Transaction } from "#platform";
import type { ApprovalsDeps } from "./approvals.ts";
import { type ApprovalRow, lockApproval, markEscalated, notifyChange } from "./store.ts";
import { toApproval } from "./to-approval.ts";
import { whyNotOpen } from "./why-not-open.ts";

export async function escalateApproval(deps: ApprovalsDeps, id: string, by: string): Promise<Approval> {
  const now = deps.clock.now();
  return deps.db.transaction(async (tx) => {
    const row = await lockApproval(tx, id);
    if (!row) throw fail("not_found", { what: "approval", id });
    if (row.state !== "open") throw whyNotOpen(row);
    if (row.escalated_at) return toApproval(row);
    return toApproval(await escalate(deps, tx, row, by, now));
  });
}

/** Its time starts anew, so that whoever is asked now has as long as the first had. */
export async function escalate(
  deps: ApprovalsDeps,
  tx: Transaction,
  row: ApprovalRow,
  by: string,
  now: number,
): Promise<ApprovalRow> {
  const expiresAt = row.expires_ms === null ? null : new Date(now + row.expires_ms);
  const escalated = (await markEscalated(tx, row.id, { by, at: new Date(now), expiresAt }))!;
  await deps.events.emit(
    {
      type: "approval.escalated",
      data: { approval: row.id, run: row.run_id, daemon: row.daemon, stage: row.stage, who: row.who, by },
      source: `run:${row.run_id}`,
    },
    tx,
  );
  await notifyChange(tx, escalated);
  return escalated;
}
