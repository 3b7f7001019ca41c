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

/** Fields that are read of a free name and must be there: `inputs.days`, not `has(inputs.days)` or `inputs.?days`. */
export function fieldsOf(node: Node, name: string): string[] {
  const fields = new Set<string>();
  const walk = (at: Node): void => {
    if (at.kind === "has") return;
    if (at.kind === "field" && !at.optional && at.of.kind === "name" && at.of.name === name) fields.add(at.name);
    for (const child of childrenOf(at)) walk(child);
  };
  walk(node);
  return [...fields];
}
