/** The things that a text is a list of: findings of a diff, rows of a table, mails, list items, sentences. */
import type { Json } from "@regent/contract";
import { reviewDiff } from "./review-diff.ts";
import { mainFigure, readTable, show, toGroups, toNumber } from "./table.ts";
import { pickSentences } from "./words.ts";

export interface Unit {
  text: string;
  /** What is known of it, by name in lower case without `_`: a schema's property of that name takes it. */
  facts: Record<string, Json>;
}

export function toUnits(text: string, question: string): Unit[] {
  const review = reviewDiff(text);
  if (review) return fromReview(review);
  const table = readTable(text);
  if (table) return fromTable(table, question);
  const sections = text.split(/^(?=#{1,4}\s)/m).filter((part) => part.startsWith("#"));
  if (sections.length >= 2) return sections.map(fromSection);
  const lines = text.split("\n").filter((line) => /^\s*(?:[-*•]|\d+[.)])\s+\S/.test(line));
  if (lines.length >= 2) return lines.map((line) => fromText(line.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, "")));
  const sentences = pickSentences(text, question, 5);
  if (sentences.length >= 2) return sentences.map(fromText);
  const clauses = text.split(/[,;:]\s+|\s+and\s+/).filter((clause) => /\p{L}{3}/u.test(clause));
  return clauses.slice(0, 8).map(fromText);
}

function fromSection(section: string): Unit {
  const [first = "", ...rest] = section.split("\n");
  const heading = first.replace(/^#+\s+/, "").trim();
  return { text: rest.join("\n").trim() || heading, facts: { heading, title: heading, name: heading } };
}

const fromText = (text: string): Unit => ({ text, facts: { text } });

const fromReview = ({ notes }: ReturnType<typeof reviewDiff> & object): Unit[] =>
  notes.map(({ file, line, severity, message, code }) => ({
    text: `${severity}: ${file}:${line} ${message}. ${code}`,
    facts: {
      ...{ file, path: file, filename: file, location: `${file}:${line}`, line, linenumber: line, severity },
      ...{ priority: severity, level: severity, message, title: message, issue: message, problem: message },
      ...{ finding: message, description: message, comment: message, code, snippet: code, text: message },
    },
  }));

/** Rows as they are, or the groups of the first column that repeats when the question speaks of it. */
function fromTable(table: ReturnType<typeof readTable> & object, question: string): Unit[] {
  const figure = mainFigure(table);
  const at = figure ? table.columns.indexOf(figure.column) : -1;
  const asked = question.toLowerCase();
  const by = table.columns.findIndex((column, index) => index !== at && asked.includes(column.toLowerCase()));
  if (figure && by >= 0) {
    return toGroups(table, by, at).map(([name, sum]) => ({
      text: `${name}: ${figure.column} ${show(sum)}`,
      facts: { ...named(table.columns[by] ?? "", name), ...named(figure.column, sum), name, total: sum, value: sum },
    }));
  }
  return table.rows.map((row) => ({
    text: table.columns.map((column, index) => `${column}: ${row[index]}`).join(", "),
    facts: Object.assign(
      {},
      ...table.columns.map((column, index) => named(column, toNumber(row[index] ?? "") ?? row[index] ?? "")),
    ),
  }));
}

const named = (column: string, value: Json): Record<string, Json> => ({
  [column.toLowerCase().replace(/[_\s-]/g, "")]: value,
});
