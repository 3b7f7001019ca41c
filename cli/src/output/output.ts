import type { Terminal } from "../main.ts";
import { type Paint, paintFor } from "./paint.ts";
import { toTable } from "./table.ts";

/** Answers go to stdout, everything said beside them to stderr. With `--json` stdout holds one document and no more. */
export interface Output {
  readonly json: boolean;
  readonly paint: Paint;
  /** The answer: the value for programs, the text for people. */
  answer(value: unknown, text: () => string): void;
  /** A line for people while the work goes on. Goes to stderr with `--json`. */
  line(text: string): void;
  /** Beside the answer, always on stderr. */
  note(text: string): void;
  /** A line that the next one replaces; only on a terminal. */
  status(text: string | null): void;
  table(rows: string[][], options?: { right?: number[] }): string;
}

export function createOutput(terminal: Terminal, json: boolean): Output {
  const people = json ? terminal.stderr : terminal.stdout;
  const paint = paintFor(
    people.isTTY === true && !terminal.environment.NO_COLOR && terminal.environment.TERM !== "dumb",
  );
  const hasStatus = people.isTTY === true && terminal.environment.TERM !== "dumb";
  let statusShown = false;
  const clear = () => {
    if (statusShown) people.write("\r\u001b[2K");
    statusShown = false;
  };

  return {
    json,
    paint,
    answer(value, text) {
      clear();
      if (json) terminal.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
      else terminal.stdout.write(`${text().trimEnd()}\n`);
    },
    line(text) {
      clear();
      people.write(`${text}\n`);
    },
    note(text) {
      clear();
      terminal.stderr.write(`${text}\n`);
    },
    status(text) {
      clear();
      if (text === null || !hasStatus) return;
      people.write(text.slice(0, (terminal.stdout.columns ?? 80) - 1));
      statusShown = true;
    },
    table: (rows, options) =>
      toTable(rows, { ...options, columns: terminal.stdout.isTTY ? terminal.stdout.columns : undefined }),
  };
}
