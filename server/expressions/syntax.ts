import { type ASTNode, Environment, ParseError } from "@marcbachmann/cel-js";
import { ExpressionError } from "./error.ts";
import { rewriteNotation } from "./notation.ts";

/** An expression as a tree. Macros are nodes of their own; every number is a double. */
export type Node =
  | { kind: "value"; value: null | boolean | number | string }
  | { kind: "name"; name: string }
  | { kind: "field"; of: Node; name: string; optional: boolean }
  | { kind: "index"; of: Node; index: Node; optional: boolean }
  | { kind: "call"; name: string; args: Node[] }
  | { kind: "method"; name: string; of: Node; args: Node[] }
  | { kind: "list"; items: Node[] }
  | { kind: "map"; entries: [Node, Node][] }
  | { kind: "if"; test: Node; yes: Node; no: Node }
  | { kind: "logic"; operator: "&&" | "||"; left: Node; right: Node }
  | { kind: "not" | "negate"; of: Node }
  | { kind: "binary"; operator: BinaryOperator; left: Node; right: Node }
  | { kind: "each"; verb: EachVerb; of: Node; variable: string; args: Node[] }
  | { kind: "bind"; variable: string; value: Node; body: Node }
  | { kind: "has"; of: Node };

export type BinaryOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "+" | "-" | "*" | "/" | "%";
export type EachVerb = "all" | "exists" | "exists_one" | "map" | "filter";

const TEXT_MAX = 20_000;
const NODES_MAX = 5_000;
const DEPTH_MAX = 200;

// Only its grammar is used. Its evaluator knows 64-bit integers, local time zones and unbounded regular expressions,
// and drops some map keys; ours (evaluate.ts) must give the same value in every process and end in bounded time.
const grammar = new Environment({
  unlistedVariablesAreDyn: true,
  enableOptionalTypes: true,
  limits: { maxAstNodes: NODES_MAX, maxDepth: DEPTH_MAX, maxListElements: 1_000, maxMapEntries: 1_000 },
});

/** @throws ExpressionError */
export function parseSyntax(source: string): Node {
  if (source.length > TEXT_MAX) throw new ExpressionError(`An expression has at most ${TEXT_MAX} characters.`, 0);
  if (source.trim() === "") throw new ExpressionError("The expression is empty.", 0);
  const { text, origin } = rewriteNotation(source);
  try {
    return toNode(grammar.parse(text).ast, 0);
  } catch (error) {
    if (error instanceof ExpressionError) throw new ExpressionError(error.message, origin(error.offset));
    if (error instanceof ParseError) throw new ExpressionError(toSentence(error), origin(error.range?.start ?? 0));
    if (error instanceof RangeError) throw new ExpressionError("The expression is nested too deeply.", 0);
    throw error;
  }
}

function toSentence({ code, summary }: ParseError): string {
  if (code === "limit_exceeded") return "The expression is too large or nested too deeply.";
  return `${summary.replace(/\.$/, "").replace("Unexpected token: EOF", "The expression ends too early")}.`;
}

const EACH: ReadonlySet<string> = new Set<EachVerb>(["all", "exists", "exists_one", "map", "filter"]);

type Raw = { op: string; args: unknown };

function toNode(ast: ASTNode, depth: number): Node {
  if (depth > DEPTH_MAX) throw new ExpressionError("The expression is nested too deeply.", ast.start);
  const { op, args } = ast as unknown as Raw;
  const node = (child: unknown): Node => toNode(child as ASTNode, depth + 1);
  const list = args as [unknown, unknown, unknown];
  switch (op) {
    case "value":
      return { kind: "value", value: typeof args === "bigint" ? Number(args) : (args as number) };
    case "id":
      return { kind: "name", name: args as string };
    case ".":
    case ".?":
      return { kind: "field", of: node(list[0]), name: list[1] as string, optional: op === ".?" };
    case "[]":
    case "[?]":
      return { kind: "index", of: node(list[0]), index: node(list[1]), optional: op === "[?]" };
    case "call":
      return toCall(list[0] as string, list[1] as unknown[], node);
    case "rcall":
      return toMethod(list[0] as string, list[1], list[2] as unknown[], node);
    case "list":
      return { kind: "list", items: (args as unknown[]).map(node) };
    case "map":
      return { kind: "map", entries: (args as [unknown, unknown][]).map(([key, item]) => [node(key), node(item)]) };
    case "?:":
      return { kind: "if", test: node(list[0]), yes: node(list[1]), no: node(list[2]) };
    case "&&":
    case "||":
      return { kind: "logic", operator: op, left: node(list[0]), right: node(list[1]) };
    case "!_":
      return { kind: "not", of: node(args) };
    case "-_":
      return toNegate(node(args));
    default:
      return { kind: "binary", operator: op as BinaryOperator, left: node(list[0]), right: node(list[1]) };
  }
}

type ToNode = (child: unknown) => Node;

const toNegate = (of: Node): Node =>
  of.kind === "value" && typeof of.value === "number"
    ? { kind: "value", value: of.value === 0 ? 0 : -of.value }
    : { kind: "negate", of };

function toCall(name: string, args: unknown[], node: ToNode): Node {
  if (name === "has" && args.length === 1) return { kind: "has", of: node(args[0]) };
  return { kind: "call", name, args: args.map(node) };
}

function toMethod(name: string, of: unknown, args: unknown[], node: ToNode): Node {
  const receiver = node(of);
  const namespace = receiver.kind === "name" ? receiver.name : undefined;
  if (namespace === "cel" && name === "bind" && args.length === 3) {
    return { kind: "bind", variable: variableOf(args[0], node), value: node(args[1]), body: node(args[2]) };
  }
  if (namespace === "optional" && (name === "of" || name === "none")) {
    return { kind: "call", name: `optional.${name}`, args: args.map(node) };
  }
  const isEach = EACH.has(name) && (args.length === 2 || (args.length === 3 && name === "map"));
  if (!isEach) return { kind: "method", name, of: receiver, args: args.map(node) };
  const variable = variableOf(args[0], node);
  return { kind: "each", verb: name as EachVerb, of: receiver, variable, args: args.slice(1).map(node) };
}

function variableOf(ast: unknown, node: ToNode): string {
  const made = node(ast);
  if (made.kind === "name") return made.name;
  throw new ExpressionError("The variable of a comprehension is a plain name.", (ast as ASTNode).start);
}

export function childrenOf(node: Node): Node[] {
  switch (node.kind) {
    case "value":
    case "name":
      return [];
    case "index":
      return [node.of, node.index];
    case "field":
    case "not":
    case "negate":
    case "has":
      return [node.of];
    case "call":
      return node.args;
    case "method":
    case "each":
      return [node.of, ...node.args];
    case "list":
      return node.items;
    case "map":
      return node.entries.flat();
    case "if":
      return [node.test, node.yes, node.no];
    case "logic":
    case "binary":
      return [node.left, node.right];
    case "bind":
      return [node.value, node.body];
  }
}
