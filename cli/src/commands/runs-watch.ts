import type { Command } from "../command.ts";
import { followRun, toExit } from "../run/follow-run.ts";
import { summarizeRun } from "../run/summarize-run.ts";

export const command: Command = {
  summary: "follows a run until it ends; Ctrl-C leaves it running",
  arguments: [["<id>", "run_…"]],
  options: [
    ["--wait", "follow it also while it waits for a decision (on a terminal: always)"],
    ["--no-wait", "end with 4 when it waits for a decision (without a terminal: always)"],
  ],
  example: "regent runs watch run_01k0",
  needs: "worker",
  async run(context, [id]: [string], options) {
    const wait = typeof options.wait === "boolean" ? options.wait : context.terminal.stdout.isTTY === true;
    const followed = await followRun(context, await context.client(), id, { wait });
    context.output.answer(followed.run, () => summarizeRun(context.output, followed));
    return toExit(followed);
  },
};
