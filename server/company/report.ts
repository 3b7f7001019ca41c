import type { Problem } from "./company.ts";
import { type At, type Path, toPointer, type YamlDocument } from "./yaml-document.ts";

/** Collects what is wrong in one document, with its place. */
export interface Report {
  error(path: Path, message: string, suggestion?: string | null, at?: At): void;
  warn(path: Path, message: string, suggestion?: string | null, at?: At): void;
  place(path: Path): { file: string; line: number; column: number };
  readonly hasErrors: boolean;
}

const PROBLEMS_MAX = 200;

export function createReport(document: YamlDocument, problems: Problem[]): Report {
  let errors = 0;
  let count = 0;
  const add = (severity: Problem["severity"], path: Path, message: string, suggestion: string | null, at: At): void => {
    if (severity === "error") errors += 1;
    count += 1;
    // A file that is wrong all over says so with its first problems.
    if (count > PROBLEMS_MAX) return;
    const { line, column } = document.place(path, at);
    problems.push({ file: document.file, line, column, pointer: toPointer(path), message, suggestion, severity });
  };
  return {
    error: (path, message, suggestion = null, at = "value") => add("error", path, message, suggestion, at),
    warn: (path, message, suggestion = null, at = "value") => add("warning", path, message, suggestion, at),
    place: (path) => ({ file: document.file, ...document.place(path, "value") }),
    get hasErrors() {
      return errors > 0;
    },
  };
}
