import type { Command } from "../command.ts";
import { toPlain } from "../output/paint.ts";
import { toStatusText } from "../output/readable.ts";

export const command: Command = {
  summary: "asks somebody higher up",
  arguments: [["<id>", "apr_…"]],
  example: "regent approvals escalate apr_01k0",
  needs: "server",
  async run({ client, output }, [id]: [string]) {
    const approval = await (await client()).approvals.escalate({ id });
    output.answer(
      approval,
      () =>
        `${output.paint("ok", "✓")} ${approval.id}  escalated, ${toStatusText(output.paint, approval.state)}  ${toPlain(approval.ask)}`,
    );
    return undefined;
  },
};
