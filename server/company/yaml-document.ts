import type { Json, JsonObject } from "@regent/contract";
import { type Document, LineCounter, parseAllDocuments } from "yaml";
import type { Problem } from "./company.ts";
import { findKeys } from "./find-keys.ts";
import { type Mark, type Marks, YamlReader } from "./yaml-reader.ts";

export type Path = readonly (string | number)[];
/** Where a problem points: at the key, at the value, or at a character inside the value's text. */
export type At = "key" | "value" | { offset: number };

/** One document of a file: its value as JSON, and the place of each part. */
export interface YamlDocument {
  file: string;
  value: Json;
  place(path: Path, at: At): { line: number; column: number };
}

export interface ParsedFile {
  documents: YamlDocument[];
  problems: Problem[];
}

const DOCUMENTS_MAX = 2_000;

/** Reads every document of a YAML 1.2 file. What cannot be JSON is a problem; nothing here throws. */
export function parseYaml(file: string, text: string): ParsedFile {
  const lines = new LineCounter();
  const problems: Problem[] = findKeys(file, text);
  const documents: YamlDocument[] = [];
  const parsed = parseAll(text, lines);
  if (parsed === undefined) {
    const message = "The file is nested too deeply.";
    return {
      documents,
      problems: [{ file, line: 1, column: 1, pointer: "", message, suggestion: null, severity: "error" }],
    };
  }
  if (parsed.length > DOCUMENTS_MAX) {
    const message = `The file holds ${parsed.length} documents; at most ${DOCUMENTS_MAX} are read.`;
    return {
      documents,
      problems: [{ file, line: 1, column: 1, pointer: "", message, suggestion: null, severity: "error" }],
    };
  }
  for (const document of parsed) {
    const found = readDocument(file, text, document, lines);
    problems.push(...found.problems);
    if (found.document !== undefined) documents.push(found.document);
  }
  return { documents, problems };
}

/** Undefined where the parser's own stack ends: that place differs between machines, so it is not told. */
function parseAll(text: string, lineCounter: LineCounter): Document.Parsed[] | undefined {
  try {
    const parsed = parseAllDocuments(text, { lineCounter, prettyErrors: false, uniqueKeys: false });
    const all: Document.Parsed[] = Array.isArray(parsed) ? parsed : [];
    return all.some((document) => document.errors.some(isTooDeep)) ? undefined : all;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const isTooDeep = ({ message }: Error): boolean => message.startsWith("Maximum call stack");

function readDocument(file: string, text: string, parsed: Document.Parsed, lines: LineCounter) {
  const problem = (offset: number, message: string, suggestion: string | null = null, pointer = ""): Problem => {
    const { line, col } = lines.linePos(Math.min(Math.max(0, offset), text.length));
    return { file, line: Math.max(1, line), column: Math.max(1, col), pointer, message, suggestion, severity: "error" };
  };
  const errors = parsed.errors
    .slice(0, 20)
    .map((error) => problem(error.pos[0], toSentence(error.message), hintFor(error.code)));
  if (errors.length > 0) return { problems: errors };
  const reader = new YamlReader(problem);
  const value = reader.read(parsed.contents, []);
  if (reader.problems.length > 0) return { problems: reader.problems };
  if (value === null) return { problems: [] };
  const { marks } = reader;
  const place = (path: Path, at: At) => findPlace(value, marks, text, lines, path, at);
  return { problems: [], document: { file, value, place } };
}

const toSentence = (message: string): string =>
  `${message
    .split("\n")[0]!
    .replace(/ at line \d+.*$/, "")
    .replace(/\.$/, "")}.`;

function hintFor(code: string): string | null {
  if (code === "TAB_AS_INDENT") return "indent with spaces";
  if (code === "BLOCK_AS_IMPLICIT_KEY" || code === "MULTILINE_IMPLICIT_KEY")
    return "put text that holds a colon in quotes";
  return null;
}

export const toPointer = (path: Path): string =>
  path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

function findPlace(value: Json, marks: Marks, text: string, lines: LineCounter, path: Path, at: At) {
  let node: Json = value;
  let keyAt = markOf(marks, node)?.start ?? 0;
  let valueAt = keyAt;
  for (const part of path) {
    const mark = markOf(marks, node);
    const i = Array.isArray(node) ? Number(part) : (mark?.names?.indexOf(String(part)) ?? -1);
    if (mark === undefined || mark.values[i] === undefined) break;
    valueAt = mark.values[i];
    keyAt = mark.keys?.[i] ?? valueAt;
    node = Array.isArray(node) ? node[i]! : (node as JsonObject)[String(part)]!;
  }
  const offset = at === "key" ? keyAt : at === "value" ? valueAt : offsetInside(node, valueAt, text, at.offset);
  const { line, col } = lines.linePos(Math.min(offset, text.length));
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

const markOf = (marks: Marks, node: Json): Mark | undefined =>
  node !== null && typeof node === "object" ? marks.get(node) : undefined;

/** The place of a character of a value's text in the file: exact on one line and in block texts, else the start. */
function offsetInside(value: Json, start: number, text: string, offset: number): number {
  if (typeof value !== "string") return start;
  const first = text[start];
  if (first === "|") return offsetInBlock(value, start, text, offset);
  const quoted = first === "'" || first === '"' ? 1 : 0;
  return text.startsWith(value, start + quoted) ? start + quoted + offset : start;
}

function offsetInBlock(value: string, start: number, text: string, offset: number): number {
  const before = value.slice(0, offset).split("\n");
  let at = text.indexOf("\n", start) + 1;
  const indent = /^(?:[ \t]*\r?\n)*( *)/.exec(text.slice(at))?.[1]?.length ?? 0;
  for (let line = 1; line < before.length; line += 1) at = text.indexOf("\n", at) + 1;
  return at + indent + before.at(-1)!.length;
}
