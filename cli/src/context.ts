import { resolve } from "node:path";
import { type Client, createClient } from "@regent/sdk";
import type { Command } from "./command.ts";
import type { Terminal } from "./main.ts";
import { createOutput, type Output } from "./output/output.ts";
import { type Connection, connect } from "./server/connect.ts";

/** What a command works with. */
export interface Context {
  terminal: Terminal;
  output: Output;
  /** The folders of this call, absolute. */
  dataFolder: string;
  companyFolder: string;
  /** A path that somebody typed, from where they typed it. */
  path(typed: string): string;
  /** A client of the server that runs, or of one that is started for this command. */
  client(): Promise<Client>;
  connection(): Promise<Connection>;
  /** Aborts at Ctrl-C; a second Ctrl-C ends the process. */
  interrupted: AbortSignal;
  close(): Promise<void>;
}

export function createContext(terminal: Terminal, command: Command, options: Record<string, unknown>): Context {
  const path = (typed: string) => resolve(terminal.folder, typed);
  const folder = (option: unknown, variable: string, standard: string) =>
    path(typeof option === "string" ? option : terminal.environment[variable] || standard);
  const dataFolder = folder(command.ownData ? undefined : options.data, "REGENT_DATA", "data");
  const companyFolder = folder(options.company, "REGENT_COMPANY", "company");
  const output = createOutput(terminal, options.json === true);

  const interruption = new AbortController();
  const onInterrupt = () => {
    if (interruption.signal.aborted) process.exit(130);
    interruption.abort();
  };
  process.on("SIGINT", onInterrupt);

  let connection: Promise<Connection> | undefined;
  const connected = () => {
    connection ??= connect({
      environment: terminal.environment,
      dataFolder,
      companyFolder,
      role: command.needs === "worker" ? "all" : "api",
      note: output.note,
    });
    return connection;
  };

  return {
    terminal,
    output,
    dataFolder,
    companyFolder,
    path,
    interrupted: interruption.signal,
    connection: connected,
    client: async () => createClient(await connected()),
    async close() {
      process.off("SIGINT", onInterrupt);
      await (await connection?.catch(() => undefined))?.close();
    },
  };
}
