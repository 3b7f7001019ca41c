import { nearest } from "@regent/contract";
import { ExpressionError } from "./error.ts";
import { functionNames, methodNames } from "./functions.ts";
import { childrenOf, type Node } from "./syntax.ts";

const FUNCTIONS = new Set(functionNames());
const METHODS = new Set(methodNames());
const MACROS = ["has", "all", "exists", "exists_one", "map", "filter"];

/** Functions are known when a file is read, so that a misspelled one does not wait for the night it is needed. */
export function checkCalls(node: Node, source: string): void {
  if (node.kind === "call" && !FUNCTIONS.has(node.name)) throw unknown(node.name, [...FUNCTIONS, ...MACROS], source);
  if (node.kind === "method" && !METHODS.has(node.name)) throw unknown(node.name, [...METHODS, ...MACROS], source);
  for (const child of childrenOf(node)) checkCalls(child, source);
}

function unknown(name: string, known: string[], source: string): ExpressionError {
  const meant = nearest(name, known);
  const hint = meant === undefined ? "" : ` Did you mean ${meant}()?`;
  return new ExpressionError(`There is no function ${name}().${hint}`, Math.max(0, source.indexOf(name)));
}
