/**
 * A gate by people, as recorded steps: ask, wait, settle. The row of the approval is the truth and messages only wake
 * the run, so a message that comes late, twice or not at all changes nothing. The one exception saves a step: a
 * decision that nobody can take back travels in its message.
 */
import { fail, type GateStage, type Json } from "@regent/contract";
import type { Job, Performed, Performer } from "#kernel";
import type { ApprovalsDeps } from "./approvals.ts";
import { keyOf, requestApproval } from "./request-approval.ts";
import { type Closed, isClosed, type Open, settleApproval } from "./settle-approval.ts";
import { withdrawQuestion } from "./withdraw-approvals.ts";

export const topicOf = (approval: string): string => `gate:${approval}`;

export function createGatePerformer(deps: ApprovalsDeps): Performer<GateStage> {
  return {
    missing: (stage) => [
      ...(stage.rubric === undefined ? [] : ["gates by rubric"]),
      ...(stage.vote === undefined ? [] : ["gates by vote"]),
    ],
    async perform(stage, job) {
      try {
        return toPerformed(await waitForDecision(deps, stage, job, await askOnce(deps, stage, job)));
      } catch (error) {
        // Given up while the run goes on (its time is over, a sibling failed): it leaves no question behind.
        if (error instanceof Error && GIVEN_UP.has(error.name)) await withdrawQuestion(deps, keyOf(job));
        throw error;
      }
    },
  };
}

/** The kernel's errors for that. An interrupted run is not among them: it goes on elsewhere and wants its answer. */
const GIVEN_UP: ReadonlySet<string> = new Set(["Aborted", "OutOfTime"]);

const askOnce = (deps: ApprovalsDeps, stage: GateStage, job: Job): Promise<Asked> =>
  job.step<Asked>("ask", stage.name, async () => {
    const { id, ask, expires_at } = await requestApproval(deps, stage, job);
    const until = expires_at === null ? null : Date.parse(expires_at);
    return { value: { approval: id, until }, detail: { approval: id, ask } };
  });

type Asked = { approval: string; until: number | null };

async function waitForDecision(deps: ApprovalsDeps, stage: GateStage, job: Job, asked: Asked): Promise<Closed> {
  const { approval } = asked;
  for (let until = asked.until; ; ) {
    // Read when it begins to wait, not recorded: the engine records the deadline that it makes of it. So the time
    // that the process was away counts, also between the question and the wait.
    const timeoutMs = until === null ? {} : { timeoutMs: Math.max(0, until - deps.clock.now()) };
    const message = await job.receive<Json>(topicOf(approval), { ...timeoutMs, why: `approval ${approval}` });
    if (isClosed(message)) return message;
    const settled = await job.step<Closed | Open>("settle", stage.name, async () => {
      const value = await settleApproval(deps, approval);
      return { value, detail: toDetail(approval, value) };
    });
    if (isClosed(settled)) return settled;
    until = settled.until;
  }
}

const toDetail = (approval: string, value: Closed | Open): Record<string, Json> =>
  isClosed(value) ? { approval, verdict: value.verdict, by: value.by } : { approval };

function toPerformed(closed: Closed): Performed {
  const { approval, verdict, by, note, changes, at, reason } = closed;
  if (verdict === "reject") throw fail("rejected", { approval, by, note, at, reason });
  return { output: { verdict, by, note, changes, at } };
}
