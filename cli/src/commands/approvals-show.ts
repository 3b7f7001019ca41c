import type { Approval } from "@regent/contract";
import type { Command } from "../command.ts";
import type { Output } from "../output/output.ts";
import { toPlain, toPlainLines } from "../output/paint.ts";
import { toAgo, toStatusText, toValueText } from "../output/readable.ts";

export const command: Command = {
  summary: "shows one question with what there is to see before deciding",
  arguments: [["<id>", "apr_…"]],
  example: "regent approvals show apr_01k0",
  needs: "server",
  async run({ client, output }, [id]: [string]) {
    const approval = await (await client()).approvals.get({ id });
    output.answer(approval, () => toText(output, approval));
    return undefined;
  },
};

function toText(output: Output, approval: Approval): string {
  const { paint } = output;
  const now = Date.now();
  const facts = [
    ["State", toStatusText(paint, approval.state)],
    ["Run", `${approval.run}, stage ${toPlain(approval.stage)} of ${toPlain(approval.daemon)}`],
    ["Asks", toPlain(approval.who)],
    ["Asked", toAgo(approval.requested_at, now)],
    ...(approval.expires_at ? [["Expires", `${toAgo(approval.expires_at, now)}, then: ${approval.otherwise}`]] : []),
    ...(approval.decision
      ? [
          [
            "Decision",
            toPlain(
              `${approval.decision.verdict} by ${approval.decision.by}${approval.decision.note ? `: ${approval.decision.note}` : ""}`,
            ),
          ],
        ]
      : []),
  ];
  return [
    paint("strong", toPlain(approval.ask)),
    ...facts.map(([name, value]) => `  ${paint("quiet", name!.padEnd(9))} ${value}`),
    ...approval.show.flatMap((shown) => ["", toPlainLines(toValueText(shown))]),
  ].join("\n");
}
