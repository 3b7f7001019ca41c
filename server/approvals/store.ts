import type { ApprovalState, JsonObject, Verdict } from "@regent/contract";
import type { Queryable } from "#platform";

/** A row of `approval`. Times are moments of the application's clock, never of the database's. */
export interface ApprovalRow {
  id: string;
  run_id: string;
  daemon: string;
  stage: string;
  state: ApprovalState;
  ask: string;
  show: unknown[];
  who: string;
  requested_at: Date;
  expires_ms: number | null;
  expires_at: Date | null;
  otherwise: "reject" | "approve" | "escalate";
  escalated_at: Date | null;
  verdict: Verdict | null;
  decided_by: string | null;
  note: string | null;
  changes: JsonObject | null;
  decided_at: Date | null;
  effective_at: Date | null;
  taken_at: Date | null;
  round: number;
}

const COLUMNS = `id, run_id, daemon, stage, state, ask, show, who, requested_at, expires_ms, expires_at, otherwise,
  escalated_at, verdict, decided_by, note, changes, decided_at, effective_at, taken_at, round`;

export interface NewApproval {
  id: string;
  key: string;
  place: string;
  run: string;
  daemon: string;
  stage: string;
  ask: string;
  show: string;
  who: string;
  requestedAt: Date;
  expiresMs: number | null;
  expiresAt: Date | null;
  otherwise: string;
}

/** Undefined: this question was asked before. */
export async function insertApproval(db: Queryable, approval: NewApproval): Promise<ApprovalRow | undefined> {
  const { rows } = await db.query<ApprovalRow>(
    `insert into approval (id, key, place, run_id, daemon, stage, ask, show, who, requested_at, expires_ms, expires_at, otherwise)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (company_id, key) do nothing
     returning ${COLUMNS}`,
    [
      approval.id,
      approval.key,
      approval.place,
      approval.run,
      approval.daemon,
      approval.stage,
      approval.ask,
      approval.show,
      approval.who,
      approval.requestedAt,
      approval.expiresMs,
      approval.expiresAt,
      approval.otherwise,
    ],
  );
  return rows[0];
}

export async function findApprovalByKey(db: Queryable, key: string): Promise<ApprovalRow | undefined> {
  const { rows } = await db.query<ApprovalRow>(`select ${COLUMNS} from approval where key = $1`, [key]);
  return rows[0];
}

export async function findApproval(db: Queryable, id: string): Promise<ApprovalRow | undefined> {
  const { rows } = await db.query<ApprovalRow>(`select ${COLUMNS} from approval where id = $1`, [id]);
  return rows[0];
}

/** Holds the row until the transaction ends. */
export async function lockApproval(db: Queryable, id: string): Promise<ApprovalRow | undefined> {
  const { rows } = await db.query<ApprovalRow>(`select ${COLUMNS} from approval where id = $1 for update`, [id]);
  return rows[0];
}

/** What `selectApprovals` orders by: open ones by their expiry, then the newest. `infinity` sorts last. */
export interface ListPlace {
  due: string;
  id: string;
}

/**
 * Only the conditions that are asked for stand in the text: with `$1 is null or …` a prepared plan cannot use
 * approval_by_state, approval_by_due or approval_by_run, and sorts everything.
 */
export async function selectApprovals(
  db: Queryable,
  page: { status: string | null; run: string | null; after: ListPlace | null; limit: number },
): Promise<(ApprovalRow & { due: string })[]> {
  const values: unknown[] = [page.limit];
  const where: string[] = [];
  if (page.status !== null) where.push(`state = $${values.push(page.status)}`);
  if (page.run !== null) where.push(`run_id = $${values.push(page.run)}`);
  if (page.after !== null) {
    const due = `$${values.push(page.after.due)}::timestamptz`;
    where.push(`due >= ${due} and (due > ${due} or id < $${values.push(page.after.id)})`);
  }
  const { rows } = await db.query<ApprovalRow & { due: string }>(
    `select ${COLUMNS}, due::text
     from approval
     ${where.length > 0 ? `where ${where.join(" and ")}` : ""}
     order by due, id desc
     limit $1`,
    values,
  );
  return rows;
}

/**
 * The one place where a person wins or loses: two that decide, or a decision and the expiry, meet at this row's lock.
 * The last line: a gate that only escalates at its expiry can still be decided while that is late.
 */
export async function closeByDecision(
  db: Queryable,
  id: string,
  decision: { verdict: Verdict; by: string; note: string | null; changes: string | null; at: Date; effectiveAt: Date },
): Promise<ApprovalRow | undefined> {
  const { rows } = await db.query<ApprovalRow>(
    `update approval
     set state = 'decided', verdict = $2, decided_by = $3, note = $4, changes = $5,
         decided_at = $6, effective_at = $7, taken_at = case when $7 <= $6 then $6 end, round = round + 1
     where id = $1
       and state = 'open'
       and (expires_at is null or expires_at > $6 or (otherwise = 'escalate' and escalated_at is null))
     returning ${COLUMNS}`,
    [id, decision.verdict, decision.by, decision.note, decision.changes, decision.at, decision.effectiveAt],
  );
  return rows[0];
}

export async function closeByExpiry(
  db: Queryable,
  id: string,
  expiry: { verdict: Verdict; at: Date },
): Promise<ApprovalRow | undefined> {
  const { rows } = await db.query<ApprovalRow>(
    `update approval
     set state = 'expired', verdict = $2, decided_by = 'expiry', decided_at = $3, effective_at = $3, taken_at = $3
     where id = $1
       and state = 'open'
       and expires_at <= $3
     returning ${COLUMNS}`,
    [id, expiry.verdict, expiry.at],
  );
  return rows[0];
}

export async function markTaken(db: Queryable, id: string, at: Date): Promise<void> {
  await db.query(
    `update approval
     set taken_at = $2
     where id = $1
       and taken_at is null`,
    [id, at],
  );
}

export async function reopen(db: Queryable, id: string, at: Date): Promise<ApprovalRow | undefined> {
  const { rows } = await db.query<ApprovalRow>(
    `update approval
     set state = 'open', verdict = null, decided_by = null, note = null, changes = null,
         decided_at = null, effective_at = null, round = round + 1
     where id = $1
       and state = 'decided'
       and taken_at is null
       and effective_at > $2
     returning ${COLUMNS}`,
    [id, at],
  );
  return rows[0];
}

export async function markEscalated(
  db: Queryable,
  id: string,
  escalation: { by: string; at: Date; expiresAt: Date | null },
): Promise<ApprovalRow | undefined> {
  const { rows } = await db.query<ApprovalRow>(
    `update approval
     set escalated_at = $2, escalated_by = $3, expires_at = $4
     where id = $1
       and state = 'open'
       and escalated_at is null
     returning ${COLUMNS}`,
    [id, escalation.at, escalation.by, escalation.expiresAt],
  );
  return rows[0];
}

/** Withdraws what is open of a run, and closes the undo window of what is decided: nobody listens any more. */
export async function withdrawOfRun(db: Queryable, run: string, at: Date): Promise<ChangedApproval[]> {
  await db.query(
    `update approval
     set taken_at = $2
     where run_id = $1
       and state = 'decided'
       and taken_at is null`,
    [run, at],
  );
  const { rows } = await db.query<ChangedApproval>(
    `update approval
     set state = 'withdrawn'
     where run_id = $1
       and state = 'open'
     returning id, state, run_id`,
    [run],
  );
  return rows;
}

export async function withdrawOpen(db: Queryable, key: string): Promise<ChangedApproval | undefined> {
  const { rows } = await db.query<ChangedApproval>(
    `update approval
     set state = 'withdrawn'
     where key = $1
       and state = 'open'
     returning id, state, run_id`,
    [key],
  );
  return rows[0];
}

/** Withdraws what earlier attempts of the same stage left open. */
export async function withdrawOthersOfPlace(db: Queryable, place: string, id: string): Promise<ChangedApproval[]> {
  const { rows } = await db.query<ChangedApproval>(
    `update approval
     set state = 'withdrawn'
     where run_id = (select run_id from approval where id = $2)
       and place = $1
       and id <> $2
       and state = 'open'
     returning id, state, run_id`,
    [place, id],
  );
  return rows;
}

/** Runs with an open approval, in order of their id, after the one given. */
export async function selectWaitingRuns(db: Queryable, after: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ run_id: string }>(
    `select distinct run_id
     from approval
     where state = 'open'
       and run_id > $1
     order by run_id
     limit $2`,
    [after, limit],
  );
  return rows.map((row) => row.run_id);
}

/** Tells whoever streams changes; arrives when the transaction commits. */
export async function notifyChange(db: Queryable, { id, state, run_id }: ChangedApproval): Promise<void> {
  const data = { id, state, run: run_id };
  await db.query("select pg_notify('regent_changes', $1)", [JSON.stringify({ topic: "approvals", id, data })]);
}

export type ChangedApproval = Pick<ApprovalRow, "id" | "state" | "run_id">;
