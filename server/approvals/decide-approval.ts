import { isDeepStrictEqual } from "node:util";
import { type Approval, fail } from "@regent/contract";
import type { ApprovalsDeps, Decide } from "./approvals.ts";
import { topicOf } from "./gate.ts";
import { toClosed } from "./settle-approval.ts";
import { toShownText } from "./shown.ts";
import { type ApprovalRow, closeByDecision, findApproval, notifyChange } from "./store.ts";
import { toApproval } from "./to-approval.ts";
import { whyNotOpen } from "./why-not-open.ts";

const NOTE_MAX = 2_000;
const CHANGES_MAX_BYTES = 256 * 1024;
const UNDO_MAX_MS = 24 * 3_600_000;

export async function decideApproval(deps: ApprovalsDeps, id: string, decision: Decide): Promise<Approval> {
  const parsed = parseDecision(decision);
  const now = deps.clock.now();
  return deps.db.transaction(async (tx) => {
    const row = await closeByDecision(tx, id, {
      ...parsed,
      at: new Date(now),
      effectiveAt: new Date(now + parsed.effectiveAfterMs),
    });
    if (!row) return repeatOrRefuse(await findApproval(tx, id), id, decision);
    // Nobody can take it back: the message carries it, and the run needs no look at the row.
    const final = parsed.effectiveAfterMs === 0;
    await deps.events.emit(
      {
        type: "approval.decided",
        data: {
          approval: id,
          run: row.run_id,
          daemon: row.daemon,
          stage: row.stage,
          verdict: parsed.verdict,
          by: parsed.by,
          effective_at: row.effective_at!.toISOString(),
        },
        source: `member:${parsed.by}`,
      },
      tx,
    );
    const message = final ? toClosed(row) : { look: id };
    await deps.runs.send(row.run_id, topicOf(id), message, `decision:${id}:${row.round}`, tx);
    await notifyChange(tx, row);
    return toApproval(row);
  });
}

function repeatOrRefuse(row: ApprovalRow | undefined, id: string, decision: Decide): Approval {
  if (!row) throw fail("not_found", { what: "approval", id });
  const same =
    row.state === "decided" &&
    row.verdict === decision.verdict &&
    (decision.changes == null || isDeepStrictEqual(decision.changes, row.changes));
  if (!same) throw whyNotOpen(row);
  return toApproval(row);
}

function parseDecision(decision: Decide) {
  const { verdict, by, note = null, changes = null, effectiveAfterMs = 0 } = decision;
  if (verdict !== "approve" && verdict !== "reject") throw invalid("/verdict", "approve or reject");
  if (!by) throw invalid("/by", "somebody decides");
  if (note !== null && note.length > NOTE_MAX) throw invalid("/note", `at most ${NOTE_MAX} characters`);
  if (changes !== null && verdict !== "approve") throw invalid("/changes", "only together with approve");
  if (!Number.isFinite(effectiveAfterMs) || effectiveAfterMs < 0 || effectiveAfterMs > UNDO_MAX_MS) {
    throw invalid("/effective_after", "0 to 24h");
  }
  const json = changes === null ? null : JSON.stringify(changes);
  if (json !== null && Buffer.byteLength(json) > CHANGES_MAX_BYTES) {
    throw fail("payload_too_large", { limit: "256 KB" });
  }
  return {
    verdict,
    by: toShownText(by, 200),
    note: note === null ? null : toShownText(note, NOTE_MAX),
    changes: json,
    effectiveAfterMs: Math.round(effectiveAfterMs),
  };
}

const invalid = (pointer: string, message: string) => fail("invalid_input", { errors: [{ pointer, message }] });
