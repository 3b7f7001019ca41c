export {
  type Approvals,
  type ApprovalsDeps,
  createApprovals,
  type Decide,
  type EventLog,
  type RunMessages,
} from "./approvals.ts";
