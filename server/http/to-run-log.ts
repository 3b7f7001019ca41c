import type { Run, RunLog, RunStatus } from "@regent/contract";

const STATUS: Partial<Record<RunStatus, RunLog["status"]>> = {
  succeeded: "success",
  failed: "failed",
  timed_out: "timeout",
};

export const toRunLog = (run: Run): RunLog => ({
  execution_id: run.id,
  daemon_id: run.daemon.id,
  user_id: run.trigger.by ?? null,
  started_at: run.started_at,
  completed_at: run.ended_at,
  status: STATUS[run.status] ?? (run.status as RunLog["status"]),
  stages: run.stages.map(({ name, status, duration_ms, cost, output }) => ({
    name,
    status,
    duration_ms,
    cost,
    output,
  })),
  total_cost: { credits: run.cost.credits, usd: run.cost.usd },
});
