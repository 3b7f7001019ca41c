import { join } from "node:path";
import type { Problem } from "./company.ts";

/** Reads a file's text for the excerpts; undefined where it cannot be read. */
export type ReadText = (file: string) => string | undefined;

/** Problems for people: file, line and column, what is wrong, the line itself with a caret, and the way out. */
export function formatProblems(problems: Problem[], folder: string, read: ReadText): string {
  const texts = new Map<string, string[]>();
  const linesOf = (file: string): string[] => {
    if (!texts.has(file))
      texts.set(
        file,
        read(join(folder, file))
          ?.replace(/^\ufeff/, "")
          .split(/\r?\n/) ?? [],
      );
    return texts.get(file)!;
  };
  const blocks = problems.map((problem) => formatProblem(problem, linesOf(problem.file)[problem.line - 1]));
  return [...blocks, summary(problems)].filter((block) => block !== "").join("\n");
}

const WIDTH_MAX = 140;

function formatProblem(
  { file, line, column, severity, message, suggestion }: Problem,
  source: string | undefined,
): string {
  const rows = [`${file}:${line}:${column}: ${severity}: ${message}`];
  if (source !== undefined && source.trim() !== "") {
    const start = Math.max(0, column - 1 - WIDTH_MAX + 20);
    const shown = source.slice(start, start + WIDTH_MAX).replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
    const number = String(line);
    rows.push(
      `  ${number} | ${shown}`,
      `  ${" ".repeat(number.length)} | ${" ".repeat(Math.max(0, column - 1 - start))}^`,
    );
  }
  if (suggestion !== null) rows.push(`  try: ${suggestion}`);
  return `${rows.join("\n")}\n`;
}

function summary(problems: Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  if (problems.length === 0) return "";
  return `${count(errors, "error")}, ${count(warnings, "warning")}`;
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;
