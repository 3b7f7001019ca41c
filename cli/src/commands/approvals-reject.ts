import { type Command, text } from "../command.ts";
import { decideApprovals } from "../run/decide-approvals.ts";

export const command: Command = {
  summary: "rejects questions",
  arguments: [["<ids...>", "apr_…, one or several"]],
  options: [
    ["--note <text>", "why, for the record"],
    ["--effective-after <duration>", "the run goes on only then; until then `undo` takes it back"],
  ],
  example: 'regent approvals reject apr_01k0 apr_01k1 --note "not this week"',
  needs: "server",
  run: (context, [ids]: [string[]], options) =>
    decideApprovals(context, {
      ids,
      verdict: "reject",
      ...(text(options.note) ? { note: text(options.note)! } : {}),
      ...(text(options.effectiveAfter) ? { effective_after: text(options.effectiveAfter)! } : {}),
    }),
};
