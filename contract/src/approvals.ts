import { z } from "zod";
import { ApprovalId, RunId } from "./ids.ts";

export const Verdict = z.enum(["approve", "reject"]);
export type Verdict = z.infer<typeof Verdict>;

export const ApprovalState = z.enum(["open", "decided", "expired", "withdrawn"]);
export type ApprovalState = z.infer<typeof ApprovalState>;

export const Decision = z.object({
  verdict: Verdict,
  /** Who decided: a member, or `expiry` when the time ran out. */
  by: z.string(),
  note: z.string().nullable(),
  /** Values that the person changed before approving. */
  changes: z.record(z.string(), z.unknown()).nullable(),
  decided_at: z.iso.datetime(),
  /** The run goes on at this moment; until then the decision can be taken back. */
  effective_at: z.iso.datetime(),
});
export type Decision = z.infer<typeof Decision>;

/** A question that waits for somebody. */
export const Approval = z.object({
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
});
export type Approval = z.infer<typeof Approval>;
