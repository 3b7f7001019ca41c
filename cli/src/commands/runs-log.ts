import type { Command } from "../command.ts";
import { toPlain } from "../output/paint.ts";
import { toCostText, toDuration } from "../output/readable.ts";

export const command: Command = {
  summary: "prints a run as an execution log",
  arguments: [["<id>", "run_…"]],
  example: "regent runs log run_01k0 --json",
  needs: "server",
  async run({ client, output }, [id]: [string]) {
    const log = await (await client()).runs.log({ id });
    const tokens = log.stages.reduce((sum, stage) => sum + stage.cost.tokens, 0);
    output.answer(log, () =>
      output.table(
        [
          ["STAGE", "STATUS", "TOOK", "COST"].map((head) => output.paint("quiet", head)),
          ...log.stages.map((stage) => [
            toPlain(stage.name),
            stage.status,
            toDuration(stage.duration_ms),
            toCostText(stage.cost),
          ]),
          ["total", log.status, "", toCostText({ ...log.total_cost, tokens })],
        ],
        { right: [2, 3] },
      ),
    );
    return undefined;
  },
};
