import type { TriggerProblem } from "@regent/contract";
import { selectProblems } from "./store.ts";
import type { TriggersDeps } from "./triggers.ts";

export async function listProblems(deps: Pick<TriggersDeps, "db">, limit: number): Promise<TriggerProblem[]> {
  const stored = await selectProblems(deps.db, Math.min(Math.max(Math.trunc(limit), 1), 1_000));
  return stored.map((problem) => ({
    at: problem.at.toISOString(),
    daemon: problem.daemon,
    event: problem.event_id,
    tick: problem.tick_at?.toISOString() ?? null,
    code: problem.code,
    message: problem.message,
  }));
}
