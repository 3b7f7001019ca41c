import type { Run } from "@regent/contract";
import type { Output } from "../output/output.ts";
import { toPlain, toPlainLines } from "../output/paint.ts";
import { toCostText, toDuration, toFailureText, toStatusText, toValueText } from "../output/readable.ts";
import type { Followed } from "./follow-run.ts";

/** The last lines of a followed run. */
export function summarizeRun(output: Output, followed: Followed): string {
  const { run, approvals, why } = followed;
  const lines = [`${run.id}  ${toStatusText(output.paint, run.status)}  ${toFacts(run)}`];
  if (run.error) lines.push(output.paint("fail", toFailureText(run.error)));
  if (why === "ended" && run.output !== null && run.output !== undefined)
    lines.push("", toPlainLines(toValueText(run.output)));
  if (run.offline) lines.push("", output.paint("wait", OFFLINE));
  if (why === "waits") {
    lines.push(`It waits for ${approvals.length === 1 ? "a decision" : `${approvals.length} decisions`}:`);
    for (const { id, ask } of approvals) lines.push(`  ${id}  ${toPlain(ask)}`);
    lines.push(`  npx regent approvals approve ${approvals[0]!.id}`);
  }
  if (why === "left") lines.push(`It goes on: npx regent runs watch ${run.id}  ·  npx regent runs cancel ${run.id}`);
  return lines.join("\n");
}

const OFFLINE =
  "Answered by the built-in offline model: no model was called. Set a provider's key, such as OPENAI_API_KEY, for real answers.";

const toFacts = (run: Run): string => {
  const started = run.started_at ?? run.queued_at;
  const took = run.ended_at === null ? "" : toDuration(Date.parse(run.ended_at) - Date.parse(started));
  return [toPlain(`${run.daemon.id} ${run.daemon.version}`), took, toCostText(run.cost)]
    .filter((fact) => fact && fact !== "–")
    .join(" · ");
};
