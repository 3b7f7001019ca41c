import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { nearest } from "@regent/contract";
import { ApiError, type Client } from "@regent/sdk";
import { parse } from "yaml";
import { type Command, texts, UsageError } from "../command.ts";
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
    if (target.types === undefined) await warnOfErrors(context, client);
    const inputs = await readInputs(context, client, typed, types);
    const run = await client.runs.start({ ...target.request, inputs });
    if (options.detach === true) {
      output.answer(run, () => `${run.id}  ${run.status}\nnpx regent runs watch ${run.id}`);
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

/** @throws UsageError  no such daemon; it names the nearest, or all */
async function readTypes(client: Client, daemon: string): Promise<InputTypes> {
  try {
    const { inputs } = await client.definitions.getDaemon({ id: daemon });
    return new Map(inputs.map(({ name, type }) => [name, type]));
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "not_found") throw error;
    const { items } = await client.definitions.listDaemons({ limit: 200 });
    const ids = items.map(({ id }) => id);
    const meant = nearest(daemon, ids);
    const hint = meant === undefined ? `There are ${ids.join(", ")}.` : `Did you mean ${meant}?`;
    throw new UsageError(`There is no daemon "${daemon}". ${ids.length === 0 ? "The company has none yet." : hint}`);
  }
}

/** Whoever has just edited a file must not take the run of the version before for one of theirs. */
async function warnOfErrors({ output }: Context, client: Client): Promise<void> {
  const { items } = await client.definitions.problems();
  const errors = items.filter(({ severity }) => severity === "error").length;
  if (errors > 0)
    output.note(
      `The company's files have ${errors === 1 ? "an error" : `${errors} errors`}; the last good version runs. See npx regent check`,
    );
}
