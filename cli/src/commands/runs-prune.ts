import { type Command, text, UsageError } from "../command.ts";

export const command: Command = {
  summary: "removes runs that ended long ago; they do not come back",
  options: [["--older-than <duration>", "such as 90d"]],
  example: "regent runs prune --older-than 90d",
  needs: "server",
  async run({ client, output }, _, options) {
    const age = text(options.olderThan);
    if (age === undefined) throw new UsageError("Say how old: --older-than 90d");
    const pruned = await (await client()).runs.prune({ older_than: age });
    output.answer(pruned, () => `${pruned.removed} ${pruned.removed === 1 ? "run" : "runs"} removed`);
    return undefined;
  },
};
