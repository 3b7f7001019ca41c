import type { Problem } from "./company.ts";
import { type At, type Path, toPointer, type YamlDocument } from "./yaml-document.ts";

/** What to write instead; a function where finding it takes work. */
export type Suggestion = string | null | (() => string | null | undefined);
/** The key, the value, or a character inside the value's text. */
export type Where = "key" | "value" | { offset: number | (() => number) };

/** Collects what is wrong in one document, with its place. */
export interface Report {
  error(path: Path, message: string, suggestion?: Suggestion, at?: Where): void;
  warn(path: Path, message: string, suggestion?: Suggestion, at?: Where): void;
  place(path: Path): { file: string; line: number; column: number };
  readonly hasErrors: boolean;
  /** No further problem of this document is kept. */
  readonly isFull: boolean;
}

const PROBLEMS_MAX = 200;

export function createReport(document: YamlDocument, problems: Problem[]): Report {
  let errors = 0;
  let count = 0;
  const add = (severity: Problem["severity"], path: Path, message: string, suggestion: Suggestion, at: Where): void => {
    if (severity === "error") errors += 1;
    count += 1;
    // A file that is wrong all over says so with its first problems.
    if (count > PROBLEMS_MAX) return;
    const offset = typeof at === "object" && typeof at.offset === "function" ? at.offset() : undefined;
    const { line, column } = document.place(path, offset === undefined ? (at as At) : { offset });
    const found = typeof suggestion === "function" ? (suggestion() ?? null) : suggestion;
    problems.push({
      file: document.file,
      line,
      column,
      pointer: toPointer(path),
      message,
      suggestion: found,
      severity,
    });
  };
  return {
    error: (path, message, suggestion = null, at = "value") => add("error", path, message, suggestion, at),
    warn: (path, message, suggestion = null, at = "value") => add("warning", path, message, suggestion, at),
    place: (path) => ({ file: document.file, ...document.place(path, "value") }),
    get isFull() {
      return count >= PROBLEMS_MAX;
    },
    get hasErrors() {
      return errors > 0;
    },
  };
}
