import { type Approval, ENDED, type Run, type StageView } from "@regent/contract";
import type { Client } from "@regent/sdk";
import { EXIT } from "../command.ts";
import type { Context } from "../context.ts";
import { toPlain } from "../output/paint.ts";
import { toCostText, toDuration, toMark } from "../output/readable.ts";

const READ_MS_MIN = 150;
const READ_MS_MAX = 2_000;

export type Followed = { run: Run; approvals: Approval[]; why: "ended" | "waits" | "left" };

/**
 * Reads a run whenever something changes, and prints its stages as they end. Comes back when it has ended, when it
 * waits for people and nobody is there to ask (`wait: false`), or when Ctrl-C was pressed.
 */
export async function followRun(
  context: Context,
  client: Client,
  id: string,
  options: { wait: boolean },
): Promise<Followed> {
  const stopped = new AbortController();
  const signal = AbortSignal.any([context.interrupted, stopped.signal]);
  const changes = listen(client, id, signal);
  const shown = new Map<string, string>();
  const asked = new Set<string>();
  try {
    for (;;) {
      const run = await client.runs.get({ id });
      showStages(context, run.stages, "", shown);
      const approvals = run.status === "waiting" ? await openApprovals(client, id) : [];
      for (const approval of approvals) showApproval(context, approval, asked);
      if (ENDED.has(run.status)) return { run, approvals, why: "ended" };
      if (approvals.length > 0 && !options.wait) return { run, approvals, why: "waits" };
      if (context.interrupted.aborted) return { run, approvals, why: "left" };
      showStatus(context, run);
      await changes.next(READ_MS_MAX);
      await pause(READ_MS_MIN);
    }
  } finally {
    stopped.abort();
    context.output.status(null);
  }
}

const openApprovals = async (client: Client, run: string): Promise<Approval[]> =>
  (await client.approvals.list({ run, status: "open", limit: 50 })).items;

/** The stream says when to look; without it we look every two seconds. */
function listen(client: Client, id: string, signal: AbortSignal): { next(timeoutMs: number): Promise<void> } {
  let changed = false;
  let wake = () => {};
  const hear = async () => {
    for await (const { topic, data } of client.stream.follow({ topics: ["runs", "approvals"] }, { signal }))
      if (topic === "gap" || data.id === id || topic === "approvals") {
        changed = true;
        wake();
      }
  };
  void hear().catch(() => {});
  return {
    async next(timeoutMs) {
      if (!changed)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener("abort", wake, { once: true });
        });
      changed = false;
    },
  };
}

/** One line for each stage when it ends, and one when it tries again. */
function showStages(context: Context, stages: StageView[], indent: string, shown: Map<string, string>): void {
  const { paint } = context.output;
  for (const [index, stage] of stages.entries()) {
    const key = `${indent}${index}:${stage.id}`;
    const isEnd = ["succeeded", "failed", "skipped", "cancelled", "timed_out"].includes(stage.status);
    const isParent = stage.stages.length > 0;
    if (isParent) showStages(context, stage.stages, `${indent}  `, shown);
    if (!isEnd || shown.get(key) === stage.status) continue;
    shown.set(key, stage.status);
    const facts = [
      stage.status === "skipped" ? "skipped" : toDuration(stage.duration_ms),
      ...(stage.cost.tokens > 0 ? [toCostText(stage.cost)] : []),
      ...(stage.attempt > 1 ? [`${stage.attempt} attempts`] : []),
    ];
    const line = `${indent}${toMark(paint, stage.status)} ${toPlain(stage.name).padEnd(28 - indent.length)} ${paint("quiet", facts.join(" · "))}`;
    context.output.line(line);
    if (stage.error && stage.status !== "skipped")
      context.output.line(`${indent}    ${paint("fail", toPlain(stage.error.message))}`);
  }
}

function showApproval(context: Context, approval: Approval, asked: Set<string>): void {
  if (asked.has(approval.id)) return;
  asked.add(approval.id);
  const { line, paint } = context.output;
  line(`${paint("wait", "‖")} ${toPlain(approval.ask)}`);
  line(
    `    ${paint("quiet", `npx regent approvals approve ${approval.id}  ·  npx regent approvals reject ${approval.id}`)}`,
  );
}

function showStatus(context: Context, run: Run): void {
  const active = flatten(run.stages).filter((stage) => stage.status === "running" && stage.stages.length === 0);
  const what = active.map((stage) => toPlain(stage.name)).join(", ") || toPlain(run.waiting_for ?? run.status);
  const since = run.started_at === null ? "" : ` · ${toDuration(Date.now() - Date.parse(run.started_at))}`;
  context.output.status(`▸ ${what}${since}`);
}

const flatten = (stages: StageView[]): StageView[] => stages.flatMap((stage) => [stage, ...flatten(stage.stages)]);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How the command ends for what became of the run. */
export function toExit({ run, why }: Followed): number {
  if (why === "waits") return EXIT.waiting;
  if (why === "left" || run.status === "succeeded") return EXIT.done;
  const refused = run.error !== null && ["budget_spent", "network_refused", "forbidden"].includes(run.error.code);
  return refused ? EXIT.refused : EXIT.failed;
}
