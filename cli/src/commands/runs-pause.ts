import type { Command } from "../command.ts";
import { toStatusText } from "../output/readable.ts";

export const command: Command = {
  summary: "lets no new stage start until the run is resumed",
  arguments: [["<id>", "run_…"]],
  example: "regent runs pause run_01k0",
  needs: "server",
  async run({ client, output }, [id]: [string]) {
    const run = await (await client()).runs.pause({ id });
    output.answer(run, () => `${run.id}  ${toStatusText(output.paint, run.status)}`);
    return undefined;
  },
};
