import { childrenOf, type Node } from "./syntax.ts";

/** Free names, in order of appearance, once each. Variables of comprehensions are not free. */
export function freeNames(node: Node): string[] {
  const names = new Set<string>();
  collect(node, [], names);
  return [...names];
}

function collect(node: Node, bound: string[], names: Set<string>): void {
  if (node.kind === "name" && !bound.includes(node.name)) names.add(node.name);
  const [first, ...rest] = childrenOf(node);
  const inside = node.kind === "each" || node.kind === "bind" ? [...bound, node.variable] : bound;
  if (first !== undefined) collect(first, bound, names);
  for (const child of rest) collect(child, inside, names);
}
