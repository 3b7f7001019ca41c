import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parse } from "yaml";
import { type Command, texts } from "../command.ts";
import type { Context } from "../context.ts";
import { followRun, toExit } from "../run/follow-run.ts";
import { type InputTypes, parsePairs, readInputs } from "../run/read-inputs.ts";
import { summarizeRun } from "../run/summarize-run.ts";

export const command: Command = {
  summary: "starts a run of a daemon and follows it; Ctrl-C leaves it running",
  arguments: [["<daemon>", "id of a daemon of the company, or a YAML file"]],
  options: [
    ["--input <name=value>", "an input; a path for files and folders, @path for a text in a file", "many"],
    ["--detach", "do not follow it"],
    ["--wait", "follow it also while it waits for a decision (on a terminal: always)"],
    ["--no-wait", "end with 4 when it waits for a decision (without a terminal: always)"],
  ],
  example: "regent run code-review --input repository=../shop\nregent run ./report.daemon.yaml --input days=7 --json",
  needs: "worker",
  async run(context, [daemon]: [string], options) {
    const { output } = context;
    const typed = parsePairs(texts(options.input), "--input");
    const target = await readTarget(context, daemon);
    const client = await context.client();
    const types = target.types ?? (await readTypes(client, daemon));
    const inputs = await readInputs(context, client, typed, types);
    const run = await client.runs.start({ ...target.request, inputs });
    if (options.detach === true) {
      output.answer(run, () => `${run.id}  ${run.status}\nregent runs watch ${run.id}`);
      const { started } = await context.connection();
      if (started) output.note("The server of this command stops now; the run goes on when one starts.");
      return undefined;
    }
    output.line(`${run.id}  ${output.paint("quiet", `${run.daemon.id} ${run.daemon.version}`)}`);
    const wait = typeof options.wait === "boolean" ? options.wait : context.terminal.stdout.isTTY === true;
    const followed = await followRun(context, client, run.id, { wait });
    output.answer(followed.run, () => summarizeRun(output, followed));
    return toExit(followed);
  },
};

interface Target {
  request: { daemon: string } | { definition: string };
  types?: InputTypes;
}

async function readTarget(context: Context, daemon: string): Promise<Target> {
  if (!/[./\\]/.test(daemon) || !/\.ya?ml$/i.test(basename(daemon))) return { request: { daemon } };
  const definition = await readFile(context.path(daemon), "utf8");
  return { request: { definition }, types: typesIn(definition) };
}

/** Types as a file declares them. What is wrong in it is the server's to say. */
function typesIn(definition: string): InputTypes {
  try {
    const document = parse(definition);
    const inputs: unknown = (document?.daemon ?? document)?.inputs;
    return new Map(Array.isArray(inputs) ? inputs.map((input) => [String(input?.name), String(input?.type)]) : []);
  } catch {
    return new Map();
  }
}

async function readTypes(client: Awaited<ReturnType<Context["client"]>>, daemon: string): Promise<InputTypes> {
  const found = await client.definitions.getDaemon({ id: daemon }).catch(() => undefined);
  return new Map(found?.inputs.map(({ name, type }) => [name, type]));
}
