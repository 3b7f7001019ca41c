export {
  type Approvals,
  type ApprovalsDeps,
  createApprovals,
  type Decide,
  type Decided,
  type EventLog,
  type RunMessages,
} from "./approvals.ts";
