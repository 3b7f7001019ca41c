import { type Approval, ApprovalState } from "@regent/contract";
import { type Command, text, UsageError } from "../command.ts";
import type { Output } from "../output/output.ts";
import { toPlain } from "../output/paint.ts";
import { toAgo, toStatusText } from "../output/readable.ts";
import { readPage } from "../read-page.ts";

export const command: Command = {
  summary: "lists questions that wait for people",
  options: [
    ["--status <status>", `${ApprovalState.options.join(", ")} or all (default open)`],
    ["--run <id>", "only of this run"],
    ["--limit <n>", "at most so many (default 20)"],
    ["--cursor <cursor>", "go on after the page before"],
  ],
  example: "regent approvals list",
  needs: "server",
  async run({ client, output }, _, options) {
    const status = text(options.status) ?? "open";
    if (status !== "all" && !ApprovalState.safeParse(status).success)
      throw new UsageError(`There is no status ${status}. There are ${ApprovalState.options.join(", ")}.`);
    const page = await (await client()).approvals.list({
      ...readPage(options),
      ...(status === "all" ? {} : { status: status as ApprovalState }),
      ...(text(options.run) ? { run: text(options.run)! } : {}),
    });
    output.answer(page, () => toList(output, page.items));
    if (page.next_cursor) output.note(`More: --cursor ${page.next_cursor}`);
    return undefined;
  },
};

function toList(output: Output, approvals: Approval[]): string {
  if (approvals.length === 0) return "Nothing waits for you.";
  const now = Date.now();
  return output.table([
    ["ID", "STATE", "DAEMON", "ASKED", "EXPIRES", "QUESTION"].map((head) => output.paint("quiet", head)),
    ...approvals.map((approval) => [
      approval.id,
      toStatusText(output.paint, approval.state),
      toPlain(approval.daemon),
      toAgo(approval.requested_at, now),
      toAgo(approval.expires_at, now),
      toPlain(approval.ask),
    ]),
  ]);
}
