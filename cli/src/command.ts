import type { Context } from "./context.ts";

/** How a command ends, as other programs read it. */
export const EXIT = { done: 0, failed: 1, wrongUsage: 2, refused: 3, waiting: 4 } as const;

type Options = Record<string, string | string[] | boolean | undefined>;

/** One command: `commands/<noun>-<verb>.ts` exports it as `command`, and its name is the file's. */
export interface Command {
  summary: string;
  /** `<id>` · `[dir]` · `<ids...>`, and what it is. */
  arguments?: [term: string, description: string][];
  /** `--from <stage>`; with `many` it may stand several times. */
  options?: [term: string, description: string, collect?: "many"][];
  /** One or more lines to copy. */
  example: string;
  /** What it asks of a server: none; one that answers; one that also does the work. One is started where none runs. */
  needs: "nothing" | "server" | "worker";
  /** `--data` of this command is not the data folder, which then only REGENT_DATA names. */
  ownData?: true;
  /** Resolves to the exit code; undefined: 0. */
  // biome-ignore lint/suspicious/noExplicitAny: the parser hands over what `arguments` declares.
  run(context: Context, args: any[], options: Options): Promise<number | undefined>;
}

/** Wrong usage that only the command itself can see. */
export class UsageError extends Error {
  override name = "UsageError";
}

export const text = (value: Options[string]): string | undefined => (typeof value === "string" ? value : undefined);
export const texts = (value: Options[string]): string[] => (Array.isArray(value) ? value : []);
