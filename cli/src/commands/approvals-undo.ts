import type { Command } from "../command.ts";
import { toPlain } from "../output/paint.ts";
import { toStatusText } from "../output/readable.ts";

export const command: Command = {
  summary: "takes a decision back while it is not in effect",
  arguments: [["<id>", "apr_…"]],
  example: "regent approvals undo apr_01k0",
  needs: "server",
  async run({ client, output }, [id]: [string]) {
    const approval = await (await client()).approvals.undo({ id });
    output.answer(
      approval,
      () =>
        `${output.paint("ok", "✓")} ${approval.id}  ${toStatusText(output.paint, approval.state)} again  ${toPlain(approval.ask)}`,
    );
    return undefined;
  },
};
