/**
 * What the rules look at: files as text, and code as facts of its syntax tree. The parser is oxc's, because
 * TypeScript 7 has no programming interface of its own.
 */
import { parseSync } from "oxc-parser";

export interface SourceFile {
  /** From the root of the house, with `/`. */
  path: string;
  text: string;
}

export interface Finding {
  path: string;
  /** Counted from 1. */
  line: number;
  message: string;
}

/** A set of files in which a rule must find what stands at `at`, as `path:line`, and nothing else. */
export interface Planted {
  files: Record<string, string>;
  at: string[];
}

export interface Rule {
  /** Reads as a sentence; the test is named after it. */
  name: string;
  check(files: readonly SourceFile[]): Finding[];
  /** Violations that the rule is shown to report, and lookalikes that it must not (`at: []`). */
  planted: Planted[];
}

/** A place where a rule does not hold, and why. */
export interface Exception {
  path: string;
  because: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a syntax tree's nodes have the fields of their type
export type Node = { type: string; start: number; end: number } & Record<string, any>;

export interface Import {
  specifier: string;
  /** Nothing of it is left when types are stripped. */
  typeOnly: boolean;
  line: number;
}

export interface Syntax {
  imports: Import[];
  nodes: Node[];
  errors: { message: string; line: number }[];
  lineOf(node: { start: number }): number;
}

export const isCode = ({ path }: SourceFile): boolean => /\.(ts|mjs)$/.test(path);
/** Tests, and what lies beside a context for its tests only. */
export const isTest = ({ path }: SourceFile): boolean =>
  /\.(test|fixture|test-support)\.(ts|mjs)$/.test(path) || path.startsWith("tests/");
/** Code that runs in production on our side: not tests, benchmarks or the scripts around them. */
export const isProduct = (file: SourceFile): boolean =>
  isCode(file) && !isTest(file) && /^(server|contract|sdk|cli|vendors|skills)\//.test(file.path);

/** `kernel` of `server/kernel/run/start.ts`; undefined for files beside the contexts. */
export const contextOf = (path: string): string | undefined => /^server\/([^/]+)\/.+/.exec(path)?.[1];

export function without(files: readonly SourceFile[], exceptions: readonly Exception[]): SourceFile[] {
  return files.filter(({ path }) => !exceptions.some((exception) => exception.path === path));
}

const parsed = new WeakMap<SourceFile, Syntax>();

export function syntaxOf(file: SourceFile): Syntax {
  let syntax = parsed.get(file);
  if (!syntax) {
    syntax = parse(file);
    parsed.set(file, syntax);
  }
  return syntax;
}

function parse({ path, text }: SourceFile): Syntax {
  const { program, errors } = parseSync(path, text);
  const lineOf = ({ start }: { start: number }) => text.slice(0, start).split("\n").length;
  const nodes: Node[] = [];
  collect(program, nodes);
  return {
    nodes,
    lineOf,
    imports: nodes.flatMap((node) => importOf(node, lineOf)),
    errors: errors.map((error) => ({ message: error.message, line: lineOf(error.labels[0] ?? { start: 0 }) })),
  };
}

function collect(value: unknown, nodes: Node[]): void {
  if (Array.isArray(value)) for (const each of value) collect(each, nodes);
  else if (typeof value === "object" && value !== null) {
    if ("type" in value && typeof value.type === "string") nodes.push(value as Node);
    for (const each of Object.values(value)) collect(each, nodes);
  }
}

function importOf(node: Node, lineOf: Syntax["lineOf"]): Import[] {
  const of = (specifier: unknown, typeOnly: boolean): Import[] =>
    typeof specifier === "string" ? [{ specifier, typeOnly, line: lineOf(node) }] : [];
  switch (node.type) {
    case "ImportDeclaration":
      return of(node.source.value, node.importKind === "type");
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
      return of(node.source?.value, node.exportKind === "type");
    case "ImportExpression":
      return of(node.source.value, false);
    case "TSImportType":
      return of(node.source?.value ?? node.argument?.value ?? node.argument?.literal?.value, true);
    default:
      return [];
  }
}

/** `a.b.c` of a chain of names, or undefined: what is called or read, as it is written. */
export function dotted(node: Node | null | undefined): string | undefined {
  if (node?.type === "Identifier") return node.name;
  if (node?.type !== "MemberExpression" || node.computed) return undefined;
  const object = dotted(node.object);
  return object === undefined ? undefined : `${object}.${node.property.name}`;
}

/** Literal text of a string or template; `${…}` stands for what is filled in. */
export function textOf(node: Node): string | undefined {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "TemplateLiteral")
    return node.quasis.map((quasi: Node) => quasi.value.cooked ?? quasi.value.raw).join("${…}");
  return undefined;
}
