import { z } from "zod";
import { Duration } from "./duration.ts";
import { ApprovalId, RunId } from "./ids.ts";
import { AnyJsonObject } from "./json.ts";
import { operation } from "./operation.ts";
import { PageQuery, pageOf } from "./page.ts";

export const Verdict = z.enum(["approve", "reject"]);
export type Verdict = z.infer<typeof Verdict>;

export const ApprovalState = z.enum(["open", "decided", "expired", "withdrawn"]);
export type ApprovalState = z.infer<typeof ApprovalState>;

export const Decision = z
  .object({
    verdict: Verdict,
    /** Who decided: a member, or `expiry` when the time ran out. */
    by: z.string(),
    note: z.string().nullable(),
    /** Values that the person changed before approving. */
    changes: z.record(z.string(), z.unknown()).nullable(),
    decided_at: z.iso.datetime(),
    /** The run goes on at this moment; until then the decision can be taken back. */
    effective_at: z.iso.datetime(),
  })
  .meta({ id: "decision" });
export type Decision = z.infer<typeof Decision>;

/** A question that waits for somebody. */
export const Approval = z
  .object({
    id: ApprovalId,
    state: ApprovalState,
    run: RunId,
    daemon: z.string(),
    stage: z.string(),
    ask: z.string(),
    /** What the person should see before deciding, already rendered. */
    show: z.array(z.unknown()),
    who: z.string(),
    requested_at: z.iso.datetime(),
    expires_at: z.iso.datetime().nullable(),
    /** What happens if nobody does anything until `expires_at`. */
    otherwise: z.enum(["reject", "approve", "escalate"]),
    escalated_at: z.iso.datetime().nullable(),
    decision: Decision.nullable(),
  })
  .meta({ id: "approval" });
export type Approval = z.infer<typeof Approval>;

const ApprovalPath = z.strictObject({ id: ApprovalId });

/** A person's answer to an approval. */
const Answer = ApprovalPath.extend({
  verdict: Verdict,
  /** Values to change before approving. The decision then stands for the changed values. */
  changes: AnyJsonObject.optional(),
  note: z.string().max(2_000).optional(),
  /** Until then the decision can be taken back and the run does not go on. At most a day. */
  effective_after: Duration.optional(),
});

export const approvalOperations = {
  list: operation({
    method: "GET",
    path: "/v1/approvals",
    summary: "Approvals, those that expire first before the others, then the newest.",
    allow: "viewer",
    input: PageQuery.extend({ status: ApprovalState.optional(), run: RunId.optional() }),
    output: pageOf(Approval),
    errors: [],
  }),
  get: operation({
    method: "GET",
    path: "/v1/approvals/:id",
    summary: "One approval.",
    allow: "viewer",
    input: ApprovalPath,
    output: Approval,
    errors: ["not_found"],
  }),
  decide: operation({
    method: "POST",
    path: "/v1/approvals/:id/decision",
    summary: "Decides an approval. The same verdict again answers with the first decision.",
    allow: "approver",
    input: Answer,
    output: Approval,
    errors: ["not_found", "approval_already_decided", "approval_not_open"],
  }),
  undo: operation({
    method: "DELETE",
    path: "/v1/approvals/:id/decision",
    summary: "Takes a decision back while it is not yet effective.",
    allow: "approver",
    input: ApprovalPath,
    output: Approval,
    errors: ["not_found", "approval_not_open", "decision_is_effective"],
  }),
  decideMany: operation({
    method: "POST",
    path: "/v1/approvals/decisions",
    summary: "Decides several approvals; each succeeds or fails by itself.",
    allow: "approver",
    input: z.strictObject({ decisions: z.array(Answer).min(1).max(200) }),
    output: z.object({
      items: z.array(
        z.object({
          id: ApprovalId,
          approval: Approval.nullable(),
          error: z.object({ code: z.string(), message: z.string() }).nullable(),
        }),
      ),
    }),
    arrayBody: "decisions",
    errors: [],
  }),
  escalate: operation({
    method: "POST",
    path: "/v1/approvals/:id/escalation",
    summary: "Asks somebody higher up.",
    allow: "approver",
    input: ApprovalPath.extend({ note: z.string().max(2_000).optional() }),
    output: Approval,
    errors: ["not_found", "approval_not_open"],
  }),
};
