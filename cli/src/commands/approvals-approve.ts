import { type Command, text, texts } from "../command.ts";
import { decideApprovals } from "../run/decide-approvals.ts";
import { parsePairs } from "../run/read-inputs.ts";

export const command: Command = {
  summary: "approves questions, with changed values if you say so",
  arguments: [["<ids...>", "apr_…, one or several"]],
  options: [
    ["--note <text>", "why, for the record"],
    ["--set <name=value>", "a value to change before approving; JSON or text", "many"],
    ["--effective-after <duration>", "the run goes on only then; until then `undo` takes it back"],
  ],
  example: 'regent approvals approve apr_01k0 --note "fine"\nregent approvals approve apr_01k0 --set price=24',
  needs: "server",
  run(context, [ids]: [string[]], options) {
    const pairs = parsePairs(texts(options.set), "--set");
    return decideApprovals(context, {
      ids,
      verdict: "approve",
      ...(text(options.note) ? { note: text(options.note)! } : {}),
      ...(text(options.effectiveAfter) ? { effective_after: text(options.effectiveAfter)! } : {}),
      ...(pairs.length > 0
        ? { changes: Object.fromEntries(pairs.map(({ name, value }) => [name, toValue(value) as never])) }
        : {}),
    });
  },
};

/** `24`, `true`, `[1, 2]` are what they look like; everything else is text. */
function toValue(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
