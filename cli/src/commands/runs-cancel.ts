import { type Command, text } from "../command.ts";
import { toStatusText } from "../output/readable.ts";

export const command: Command = {
  summary: "ends a run; what it is doing stops within a second",
  arguments: [["<id>", "run_…"]],
  options: [["--reason <text>", "why, for the record"]],
  example: 'regent runs cancel run_01k0 --reason "wrong repository"',
  needs: "server",
  async run({ client, output }, [id]: [string], options) {
    const reason = text(options.reason);
    const run = await (await client()).runs.cancel({ id, ...(reason === undefined ? {} : { reason }) });
    output.answer(run, () => `${run.id}  ${toStatusText(output.paint, run.status)}`);
    return undefined;
  },
};
