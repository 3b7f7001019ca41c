import type { Transaction } from "#platform";
import type { ApprovalsDeps } from "./approvals.ts";
import { notifyChange, selectWaitingRuns, withdrawOfRun, withdrawOpen } from "./store.ts";

export async function withdrawApprovals(deps: ApprovalsDeps, run: string, tx?: Transaction): Promise<number> {
  if (!tx) return deps.db.transaction((own) => withdrawApprovals(deps, run, own));
  const withdrawn = await withdrawOfRun(tx, run, new Date(deps.clock.now()));
  for (const approval of withdrawn) await notifyChange(tx, approval);
  return withdrawn.length;
}

/** One question that nobody waits for any more. */
export async function withdrawQuestion(deps: ApprovalsDeps, key: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const withdrawn = await withdrawOpen(tx, key);
    if (withdrawn) await notifyChange(tx, withdrawn);
  });
}

/** Pages through the runs that approvals wait for, and asks the kernel about each. */
export async function withdrawForgotten(
  deps: ApprovalsDeps,
  hasEnded: (run: string) => Promise<boolean>,
): Promise<number> {
  const page = 500;
  let count = 0;
  for (let after = ""; ; ) {
    const runs = await selectWaitingRuns(deps.db, after, page);
    for (const run of runs) if (await hasEnded(run)) count += await withdrawApprovals(deps, run);
    if (runs.length < page) return count;
    after = runs.at(-1)!;
  }
}
