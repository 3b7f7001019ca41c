import type { Json, JsonObject } from "@regent/contract";
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseAllDocuments,
  type YAMLMap,
} from "yaml";
import type { Problem } from "./company.ts";

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

const NODES_MAX = 200_000;
const DEPTH_MAX = 60;

/** Reads every document of a YAML 1.2 file. What cannot be JSON is a problem; nothing here throws. */
export function parseYaml(file: string, text: string): ParsedFile {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const documents: YamlDocument[] = [];
  const parsed = parseAll(text, lines);
  if (parsed === undefined) {
    const message = "The file is nested too deeply.";
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
  const reader = new Reader(parsed, problem);
  const value = reader.read(parsed.contents, []);
  if (reader.problems.length > 0) return { problems: reader.problems };
  if (value === null) return { problems: [] };
  return {
    problems: [],
    document: { file, value, place: (path: Path, at: At) => findPlace(parsed, text, lines, path, at) },
  };
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

/** A node as JSON. Aliases are followed, and what they expand to is counted: a bomb of aliases ends as a problem. */
class Reader {
  readonly problems: Problem[] = [];
  private nodes = 0;
  private readonly document: Document.Parsed;
  private readonly problem: (offset: number, message: string, suggestion?: string | null, pointer?: string) => Problem;

  constructor(document: Document.Parsed, problem: Reader["problem"]) {
    this.document = document;
    this.problem = problem;
  }

  read(node: unknown, path: Path): Json {
    if (this.problems.length > 0) return null;
    this.nodes += 1;
    if (this.nodes > NODES_MAX)
      return this.fail(node, path, "The file becomes too large when its aliases are followed.");
    if (path.length > DEPTH_MAX) return this.fail(node, path, `The file is nested more than ${DEPTH_MAX} levels deep.`);
    if (node === null || node === undefined) return null;
    if (isAlias(node)) return this.read(node.resolve(this.document), path);
    if (isMap(node)) return this.readMap(node, path);
    if (isSeq(node)) return node.items.map((item, i) => this.read(item, [...path, i]));
    return this.readScalar(node, path);
  }

  private readMap(node: YAMLMap, path: Path): JsonObject {
    const map: JsonObject = {};
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value ?? "") : undefined;
      if (name === undefined) {
        this.fail(key, path, "A key must be plain text.");
        return map;
      }
      const first = node.items.find((item) => isScalar(item.key) && String(item.key.value ?? "") === name)!;
      if (Object.hasOwn(map, name)) {
        const { line, column } = this.problem(offsetOf(first.key), "");
        this.fail(
          key,
          [...path, name],
          `The key "${name}" stands here twice; the first is in line ${line}, column ${column}.`,
          "remove one",
        );
        return map;
      }
      if (this.readText(key, [...path, name], name) === null) return map;
      const made = this.read(value, [...path, name]);
      Object.defineProperty(map, name, { value: made, enumerable: true, configurable: true, writable: true });
    }
    return map;
  }

  private readScalar(node: unknown, path: Path): Json {
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value === "string") return this.readText(node, path, value);
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    return this.fail(node, path, "This value cannot be written as JSON.", "put it in quotes");
  }

  /** What the database and JSON of other programs could not hold. */
  private readText(node: unknown, path: Path, value: string): string | null {
    if (value.includes("\u0000")) return this.fail(node, path, "The text holds a zero character.");
    if (!value.isWellFormed()) return this.fail(node, path, "The text holds half a surrogate pair.");
    return value;
  }

  private fail(node: unknown, path: Path, message: string, suggestion: string | null = null): null {
    this.problems.push(this.problem(offsetOf(node), message, suggestion, toPointer(path)));
    return null;
  }
}

const offsetOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;

export const toPointer = (path: Path): string =>
  path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

function findPlace(document: Document.Parsed, text: string, lines: LineCounter, path: Path, at: At) {
  let node: unknown = document.contents;
  let key: unknown = document.contents;
  for (const part of path) {
    const inside = isAlias(node) ? node.resolve(document) : node;
    const pair = isMap(inside)
      ? inside.items.find((item) => isScalar(item.key) && String(item.key.value ?? "") === String(part))
      : undefined;
    const next =
      pair ?? (isSeq(inside) ? { key: inside.items[Number(part)], value: inside.items[Number(part)] } : undefined);
    if (next === undefined) break;
    key = next.key;
    node = next.value ?? next.key;
  }
  const offset =
    at === "key" ? offsetOf(key) : at === "value" ? offsetOf(node) : offsetInside(node as ParsedNode, text, at.offset);
  const { line, col } = lines.linePos(Math.min(offset, text.length));
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** The place of a character of a scalar's value in the file: exact on one line and in block texts, else the start. */
function offsetInside(node: ParsedNode, text: string, offset: number): number {
  const start = offsetOf(node);
  if (!isScalar(node) || typeof node.value !== "string") return start;
  const source = text.slice(start, node.range[1]);
  if (node.type === "BLOCK_LITERAL") {
    const before = node.value.slice(0, offset).split("\n");
    const sourceLines = source.split("\n").slice(1);
    const indent = Math.min(
      ...sourceLines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length),
    );
    const header = source.indexOf("\n") + 1;
    const lead = sourceLines.slice(0, before.length - 1).reduce((sum, line) => sum + line.length + 1, 0);
    return start + header + lead + (Number.isFinite(indent) ? indent : 0) + before.at(-1)!.length;
  }
  if (source.includes("\n")) return start;
  return start + (node.type === "PLAIN" ? 0 : 1) + offset;
}
