import type { Approval, GateStage, Json } from "@regent/contract";
import type { Job } from "#kernel";
import type { ApprovalsDeps } from "./approvals.ts";
import { toShown, toShownText } from "./shown.ts";
import { findApprovalByKey, insertApproval, notifyChange, withdrawOthersOfPlace } from "./store.ts";
import { toApproval } from "./to-approval.ts";

/** Asks once for this attempt of this stage, however often the step is repeated. */
export async function requestApproval(deps: ApprovalsDeps, stage: GateStage, job: Job): Promise<Approval> {
  const ask = toShownText(textOf(job.render(stage.ask)));
  const show = JSON.stringify(toShown(stage.show.map((template) => job.render(template))));
  const now = deps.clock.now();
  const key = keyOf(job);
  return deps.db.transaction(async (tx) => {
    const asked = await insertApproval(tx, {
      id: deps.ids.next("apr"),
      key,
      place: job.key,
      run: job.run.id,
      daemon: job.run.daemon,
      stage: job.path,
      ask,
      show,
      who: toShownText(stage.who),
      requestedAt: new Date(now),
      expiresMs: stage.expiresMs ?? null,
      expiresAt: stage.expiresMs === undefined ? null : new Date(now + stage.expiresMs),
      otherwise: stage.otherwise,
    });
    if (!asked) return toApproval((await findApprovalByKey(tx, key))!);
    for (const other of await withdrawOthersOfPlace(tx, job.key, asked.id)) await notifyChange(tx, other);
    await deps.events.emit(
      {
        type: "approval.requested",
        data: { approval: asked.id, run: asked.run_id, daemon: asked.daemon, stage: asked.stage, who: asked.who },
        source: `run:${asked.run_id}`,
      },
      tx,
    );
    await notifyChange(tx, asked);
    return toApproval(asked);
  });
}

/** One question an attempt of a stage. */
export const keyOf = (job: Job): string => `${job.key}#${job.attempt}`;

const textOf = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));
