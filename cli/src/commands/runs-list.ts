import { RunStatus, type RunSummary } from "@regent/contract";
import { type Command, text, UsageError } from "../command.ts";
import type { Output } from "../output/output.ts";
import { toPlain } from "../output/paint.ts";
import { toAgo, toCostText, toDuration, toStatusText } from "../output/readable.ts";
import { readPage } from "../read-page.ts";

export const command: Command = {
  summary: "lists runs, newest first",
  options: [
    ["--daemon <id>", "only of this daemon"],
    ["--status <status>", "only with this status; several are joined by commas"],
    ["--limit <n>", "at most so many (default 20)"],
    ["--cursor <cursor>", "go on after the page before"],
  ],
  example: "regent runs list --status waiting,failed",
  needs: "server",
  async run({ client, output }, _, options) {
    const status = text(options.status)?.split(",").map(toStatus);
    const page = await (await client()).runs.list({
      ...readPage(options),
      ...(text(options.daemon) ? { daemon: text(options.daemon)! } : {}),
      ...(status ? { status } : {}),
    });
    output.answer(page, () => toList(output, page.items));
    if (page.next_cursor) output.note(`More: --cursor ${page.next_cursor}`);
    return undefined;
  },
};

function toStatus(status: string): RunStatus {
  const parsed = RunStatus.safeParse(status);
  if (!parsed.success) throw new UsageError(`There is no status ${status}. There are ${RunStatus.options.join(", ")}.`);
  return parsed.data;
}

function toList(output: Output, runs: RunSummary[]): string {
  if (runs.length === 0) return "No runs yet. Start one: npx regent run <daemon>";
  const now = Date.now();
  return output.table(
    [
      ["ID", "STATUS", "DAEMON", "STARTED", "TOOK", "COST", ""].map((head) => output.paint("quiet", head)),
      ...runs.map((run) => [
        run.id,
        toStatusText(output.paint, run.status),
        toPlain(run.daemon.id),
        toAgo(run.started_at ?? run.queued_at, now),
        run.ended_at && run.started_at ? toDuration(Date.parse(run.ended_at) - Date.parse(run.started_at)) : "–",
        toCostText(run.cost),
        toPlain(run.error?.message ?? run.waiting_for ?? (run.offline ? "offline model" : "")),
      ]),
    ],
    { right: [4, 5] },
  );
}
