import { type Duration, fail, type JsonObject, parseDuration, RegentError, type Verdict } from "@regent/contract";
import type { Capabilities } from "../doors.ts";
import type { HandlersOf } from "./handlers.ts";

const EFFECTIVE_AFTER_MS_MAX = 86_400_000;

interface Answer {
  id: string;
  verdict: Verdict;
  changes?: JsonObject;
  note?: string;
  effective_after?: Duration;
}

export const approvalHandlers = ({ approvals }: Capabilities): HandlersOf<"approvals"> => {
  const decide = (answer: Answer, by: string) =>
    approvals.decide(answer.id, {
      verdict: answer.verdict,
      by,
      changes: answer.changes,
      note: answer.note,
      effectiveAfterMs: toEffectiveAfterMs(answer.effective_after),
    });

  return {
    async list({ status, run, limit, cursor }) {
      const { items, nextCursor } = await approvals.list({ status, run, limit, cursor });
      return { items, next_cursor: nextCursor };
    },
    get: ({ id }) => approvals.get(id),
    decide: (answer, call) => decide(answer, call.by),
    undo: ({ id }, call) => approvals.undo(id, call.by),
    async decideMany({ decisions }, call) {
      const items = [];
      for (const answer of decisions) {
        try {
          items.push({ id: answer.id, approval: await decide(answer, call.by), error: null });
        } catch (error) {
          if (!(error instanceof RegentError) || error.code === "database_unavailable") throw error;
          items.push({ id: answer.id, approval: null, error: { code: error.code, message: error.message } });
        }
      }
      return { items };
    },
    escalate: ({ id }, call) => approvals.escalate(id, call.by),
  };
};

function toEffectiveAfterMs(after: Duration | undefined): number | undefined {
  if (after === undefined) return undefined;
  const ms = parseDuration(after)!;
  if (ms > EFFECTIVE_AFTER_MS_MAX)
    throw fail("invalid_input", { errors: [{ pointer: "/effective_after", message: "At most 24h." }] });
  return ms;
}
