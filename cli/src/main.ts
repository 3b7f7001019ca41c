import type { Readable, Writable } from "node:stream";
import { CommanderError, Command as Program } from "commander";
import manifest from "../package.json" with { type: "json" };
import { type Command, EXIT } from "./command.ts";
import { createContext } from "./context.ts";
import { discoverCommands } from "./discover-commands.ts";
import { reportError } from "./report-error.ts";

const VERSION: string = manifest.version;

/** What the CLI has of the world. */
export interface Terminal {
  arguments: string[];
  environment: Record<string, string | undefined>;
  /** Where the command was given. */
  folder: string;
  stdout: Writable & { isTTY?: boolean; columns?: number };
  stderr: Writable & { isTTY?: boolean };
  stdin: Readable & { isTTY?: boolean };
}

/** Runs one command; resolves to its exit code when everything that it started has ended. */
export async function main(terminal: Terminal): Promise<number> {
  let code: number = EXIT.done;
  const program = createProgram(terminal);
  for (const { noun, verb, command } of await discoverCommands()) {
    const parent = verb === undefined ? program : getNoun(program, noun);
    addCommand(parent, verb ?? noun, command, terminal, (result) => {
      code = result;
    });
  }
  try {
    await program.parseAsync(terminal.arguments, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.done : EXIT.wrongUsage;
  }
  return code;
}

function createProgram(terminal: Terminal): Program {
  const program = new Program("regent")
    .description(
      "Runs a company's operations with AI agents: under your rules, inside your budget, past nobody's back.",
    )
    .version(VERSION, "-V, --version", "prints the version")
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .addHelpText(
      "after",
      "\nExit codes: 0 done · 1 failed · 2 wrong usage or invalid files · 3 refused · 4 ended waiting for a decision",
    );
  return program;
}

const NOUNS: Record<string, string> = {
  runs: "runs of daemons",
  approvals: "questions that wait for people",
  events: "facts that happened",
  files: "files and folders as inputs",
  models: "models and whether they can be called",
  triggers: "times and events that start runs",
};

function getNoun(program: Program, noun: string): Program {
  return (
    program.commands.find((command) => command.name() === noun) ??
    program
      .command(noun)
      .description(NOUNS[noun] ?? "")
      .copyInheritedSettings(program)
  );
}

function addCommand(
  parent: Program,
  name: string,
  command: Command,
  terminal: Terminal,
  onEnd: (code: number) => void,
): void {
  const sub = parent.command(name).description(command.summary).copyInheritedSettings(parent);
  for (const [term, description] of command.arguments ?? []) sub.argument(term, description);
  for (const [term, description, collect] of command.options ?? [])
    collect === "many"
      ? sub.option(term, description, (value: string, all: string[] = []) => [...all, value])
      : sub.option(term, description);
  sub.option("--json", "one JSON document on stdout");
  if (command.needs !== "nothing" && !command.ownData)
    sub.option("--data <dir>", "the data folder (REGENT_DATA, else ./data)");
  if (command.needs !== "nothing")
    sub.option("--company <dir>", "the company's folder (REGENT_COMPANY, else ./company)");
  sub.addHelpText(
    "after",
    `\nExample:\n${command.example
      .split("\n")
      .map((line) => `  npx ${line}`)
      .join("\n")}`,
  );
  sub.action(async (...parsed: unknown[]) => {
    const options = sub.opts();
    const context = createContext(terminal, command, options);
    try {
      onEnd(
        (await command.run(context, parsed.slice(0, sub.registeredArguments.length) as never[], options)) ?? EXIT.done,
      );
    } catch (error) {
      onEnd(reportError(context.output, error));
    } finally {
      await context.close();
    }
  });
}
