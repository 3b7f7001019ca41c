import { fail, type RegentError } from "@regent/contract";
import type { ApprovalRow } from "./store.ts";

/** The error of somebody who comes too late. An open row means that its time is over and the run has not seen it yet. */
export const whyNotOpen = (row: ApprovalRow): RegentError =>
  row.state === "decided"
    ? fail("approval_already_decided", { approval: row.id, by: row.decided_by!, verdict: row.verdict! })
    : fail("approval_not_open", { approval: row.id, state: row.state === "open" ? "expired" : row.state });
