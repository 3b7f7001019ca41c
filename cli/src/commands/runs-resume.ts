import type { Command } from "../command.ts";
import { toStatusText } from "../output/readable.ts";

export const command: Command = {
  summary: "lets a paused run go on",
  arguments: [["<id>", "run_…"]],
  example: "regent runs resume run_01k0",
  needs: "server",
  async run({ client, output }, [id]: [string]) {
    const run = await (await client()).runs.resume({ id });
    output.answer(run, () => `${run.id}  ${toStatusText(output.paint, run.status)}`);
    return undefined;
  },
};
