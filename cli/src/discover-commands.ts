import { readdir } from "node:fs/promises";
import type { Command } from "./command.ts";

export interface NamedCommand {
  noun: string;
  /** Absent where the noun alone is the command: `doctor`. */
  verb?: string;
  command: Command;
}

/** Every file of `commands/` is a command; there is no other list. */
export async function discoverCommands(): Promise<NamedCommand[]> {
  const folder = new URL("./commands/", import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts")).sort();
  return Promise.all(
    files.map(async (file) => {
      const [noun, verb] = file.slice(0, -".ts".length).split("-");
      const { command } = (await import(new URL(file, folder).href)) as { command?: Command };
      if (!command) throw new Error(`${file} exports no command.`);
      return { noun: noun!, ...(verb === undefined ? {} : { verb }), command };
    }),
  );
}
