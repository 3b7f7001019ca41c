import { type Command, text, texts } from "../command.ts";
import { followRun, toExit } from "../run/follow-run.ts";
import { parsePairs, readInputs } from "../run/read-inputs.ts";
import { summarizeRun } from "../run/summarize-run.ts";

export const command: Command = {
  summary: "runs a run again, whole or from a stage, with changed inputs or on the newest version",
  arguments: [["<id>", "run_…"]],
  options: [
    ["--from <stage>", "first stage that runs anew; results before it are taken over"],
    ["--set <name=value>", "an input that differs", "many"],
    ["--latest", "on the company's newest version, not the one it started with"],
    ["--detach", "do not follow it"],
    ["--wait", "follow it also while it waits for a decision (on a terminal: always)"],
    ["--no-wait", "end with 4 when it waits for a decision (without a terminal: always)"],
  ],
  example: "regent runs replay run_01k0 --from write --set days=30 --latest",
  needs: "worker",
  async run(context, [id]: [string], options) {
    const { output } = context;
    const client = await context.client();
    const pairs = parsePairs(texts(options.set), "--set");
    const daemon = (await client.runs.get({ id })).daemon.id;
    const found = await client.definitions.getDaemon({ id: daemon }).catch(() => undefined);
    const set = await readInputs(context, client, pairs, new Map(found?.inputs.map(({ name, type }) => [name, type])));
    const from = text(options.from);
    const run = await client.runs.replay({
      id,
      ...(from === undefined ? {} : { from }),
      ...(pairs.length > 0 ? { set } : {}),
      version: options.latest === true ? "latest" : "pinned",
    });
    if (options.detach === true) {
      output.answer(run, () => `${run.id}  ${run.status}\nnpx regent runs watch ${run.id}`);
      return undefined;
    }
    output.line(`${run.id}  ${output.paint("quiet", `replay of ${id}`)}`);
    const wait = typeof options.wait === "boolean" ? options.wait : context.terminal.stdout.isTTY === true;
    const followed = await followRun(context, client, run.id, { wait });
    output.answer(followed.run, () => summarizeRun(output, followed));
    return toExit(followed);
  },
};
