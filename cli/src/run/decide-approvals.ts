import type { Verdict } from "@regent/contract";
import { EXIT } from "../command.ts";
import type { Context } from "../context.ts";
import { toPlain } from "../output/paint.ts";

export interface Decisions {
  ids: string[];
  verdict: Verdict;
  note?: string;
  changes?: Record<string, never>;
  effective_after?: string;
}

/** Several decisions in one request; each stands alone. Ends with 1 when one of them could not be made. */
export async function decideApprovals(context: Context, decisions: Decisions): Promise<number> {
  const { ids, ...decision } = decisions;
  const client = await context.client();
  const { items } = await client.approvals.decideMany({ decisions: ids.map((id) => ({ id, ...decision })) });
  context.output.answer({ items }, () =>
    items
      .map(({ id, approval, error }) =>
        error
          ? `${context.output.paint("fail", "✗")} ${id}  ${toPlain(error.message)}`
          : `${context.output.paint("ok", "✓")} ${id}  ${decision.verdict === "approve" ? "approved" : "rejected"}${
              approval?.decision && Date.parse(approval.decision.effective_at) > Date.now()
                ? `, in effect at ${approval.decision.effective_at} (npx regent approvals undo ${id})`
                : ""
            }`,
      )
      .join("\n"),
  );
  return items.some(({ error }) => error) ? EXIT.failed : EXIT.done;
}
