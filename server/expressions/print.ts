import type { Node } from "./syntax.ts";

/** The one spelling of an expression. Parsing it again gives the same tree. */
export function print(node: Node): string {
  switch (node.kind) {
    case "value":
      return printValue(node.value);
    case "name":
      return node.name;
    case "field":
      return `${printIn(node.of, 9)}${node.optional ? ".?" : "."}${node.name}`;
    case "index":
      return `${printIn(node.of, 9)}[${node.optional ? "?" : ""}${printIndex(node.index)}]`;
    case "call":
      return `${node.name}(${node.args.map(print).join(", ")})`;
    case "method":
      return `${printIn(node.of, 9)}.${node.name}(${node.args.map(print).join(", ")})`;
    case "list":
      return `[${node.items.map(print).join(", ")}]`;
    case "map":
      return `{${node.entries.map(([key, item]) => `${print(key)}: ${print(item)}`).join(", ")}}`;
    case "if":
      return `${printIn(node.test, 2)} ? ${printIn(node.yes, 2)} : ${print(node.no)}`;
    case "logic":
    case "binary":
      return `${printIn(node.left, leftLevel(node))} ${node.operator} ${printIn(node.right, level(node) + 1)}`;
    case "not":
      return `!${printIn(node.of, 8)}`;
    case "negate":
      return `-${printIn(node.of, 8)}`;
    case "each":
      return `${printIn(node.of, 9)}.${node.verb}(${[node.variable, ...node.args.map(print)].join(", ")})`;
    case "bind":
      return `cel.bind(${node.variable}, ${print(node.value)}, ${print(node.body)})`;
    case "has":
      return `has(${print(node.of)})`;
  }
}

const printIn = (node: Node, least: number): string => (level(node) < least ? `(${print(node)})` : print(node));

const LEVEL: Record<string, number> = {
  "||": 2,
  "&&": 3,
  "==": 4,
  "!=": 4,
  "<": 5,
  "<=": 5,
  ">": 5,
  ">=": 5,
  in: 5,
  "+": 6,
  "-": 6,
  "*": 7,
  "/": 7,
  "%": 7, // biome-ignore format: one table
};

function level(node: Node): number {
  if (node.kind === "if") return 1;
  if (node.kind === "logic" || node.kind === "binary") return LEVEL[node.operator]!;
  if (node.kind === "not" || node.kind === "negate") return 8;
  return node.kind === "value" && typeof node.value === "number" && node.value < 0 ? 8 : 10;
}

/** Operators group to the left, so a left operand may be of the same level; comparisons are never chained bare. */
function leftLevel(node: Node): number {
  const own = level(node);
  return own === 4 || own === 5 ? 6 : own;
}

function printValue(value: null | boolean | number | string): string {
  if (typeof value === "string") return printText(value);
  if (typeof value !== "number") return String(value);
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** A place in a list keeps the spelling of a whole number. */
const printIndex = (index: Node): string =>
  index.kind === "value" && Number.isSafeInteger(index.value) ? String(index.value) : print(index);

const ESCAPES: Record<string, string> = { "\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const printText = (text: string): string =>
  `'${text.replace(/[\\'\u0000-\u001f\u007f\u2028\u2029]/g, (char) => ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)}'`;
