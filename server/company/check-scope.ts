import type { InputField } from "@regent/contract";
import type { Report } from "./report.ts";
import { createReach, flatten, type StageNode } from "./stage-tree.ts";
import type { Path } from "./yaml-document.ts";

/** A name that an expression, a template or a script reads, and from where. */
export interface NameUse {
  name: string;
  path: Path;
  offset: () => number;
  /** `start`: before any stage; `event`: where a trigger fires; `end`: when all stages have ended. */
  scope: "start" | "event" | "end" | "stage";
  node?: StageNode;
  /** The stage's own result is known: in `evidence`. */
  after?: boolean;
  /** Read where it is in scope; no input is made of it. */
  optional?: boolean;
  /** Called when the name is in scope (or becomes an input). */
  found?: () => void;
}

const ALWAYS = new Set(["inputs", "event", "product", "products", "company", "run", "env", "stages"]);

/**
 * Every name must be a name in scope: a stage's result is a function of the stages that it needs, and of nothing else,
 * or a replay would give another result. A name that nothing defines becomes an implicit input, as the documents do it.
 */
export function checkScope(report: Report, nodes: StageNode[], uses: NameUse[], inputs: InputField[]): InputField[] {
  const all = flatten(nodes);
  const declared = new Set(inputs.map((input) => input.name));
  const implicit = new Map<string, InputField>();
  const isVisibleAt = createVisible(all);
  const atEnd = new Set(nodes.filter((node) => !node.handler).flatMap(namesOf));
  const byName = new Map<string, StageNode>();
  for (const node of all)
    for (const name of [node.id, node.output]) if (name !== undefined && !byName.has(name)) byName.set(name, node);
  const addImplicit = (name: string, path: Path, offset: () => number): void => {
    implicit.set(name, { name, type: "string", required: true, implicit: true });
    const message = `Nothing defines "${name}": it becomes an input that must be given at start.`;
    report.warn(path, message, `inputs: [{ name: ${name} }]`, { offset });
  };
  for (const use of uses) {
    const { name, path, offset } = use;
    const input = /^inputs\.(.+)$/.exec(name)?.[1];
    if (input !== undefined) {
      if (!declared.has(input) && !implicit.has(input)) addImplicit(input, path, offset);
      continue;
    }
    const inScope = ALWAYS.has(name) || declared.has(name) || implicit.has(name) || isVisible(use, atEnd, isVisibleAt);
    if (inScope) use.found?.();
    else if (use.optional) continue;
    else if (byName.has(name)) reportOutOfReach(report, use, byName.get(name)!);
    else if (name === "item" || name === "index")
      report.error(path, `"${name}" is only known inside a for-each stage.`, null, { offset });
    else if (name === "output")
      report.error(path, '"output" is only known in evidence.', "the stage's own name", { offset });
    else {
      addImplicit(name, path, offset);
      use.found?.();
    }
  }
  checkOutputs(report, nodes);
  warnOfIdleHandlers(report, nodes);
  return [...implicit.values()];
}

function isVisible(use: NameUse, atEnd: Set<string>, isVisibleAt: (node: StageNode, name: string) => boolean): boolean {
  const { name, node } = use;
  if (use.scope === "end") return atEnd.has(name);
  if (node === undefined) return false;
  return isVisibleAt(node, name) || (use.after === true && (name === "output" || namesOf(node).includes(name)));
}

const namesOf = (node: StageNode): string[] => (node.output === undefined ? [node.id] : [node.id, node.output]);

/** Whether a name is the output of something that has ended where a stage starts. */
function createVisible(all: StageNode[]): (node: StageNode, name: string) => boolean {
  const sources = new Map<string, StageNode[]>();
  for (const node of all) for (const name of new Set(namesOf(node))) addTo(sources, name, node);
  const goers = new Map<StageNode, StageNode[]>();
  for (const node of all) for (const target of node.goesTo) addTo(goers, target, node);
  const needs = createReach(all.length);
  const isVisible = (node: StageNode, name: string, from: Set<StageNode>): boolean => {
    if (from.has(node)) return false;
    from.add(node);
    for (let at: StageNode | undefined = node; at !== undefined; at = at.parent) {
      const inner = at;
      if (sources.get(name)?.some((source) => needs(inner, source))) return true;
      if (at.parent?.isForEach && (name === "item" || name === "index")) return true;
    }
    // A handler knows what was known where it was called from; what had not run by then is null.
    return (goers.get(node) ?? []).some((goer) => namesOf(goer).includes(name) || isVisible(goer, name, from));
  };
  return (node, name) => isVisible(node, name, new Set());
}

function addTo<Key>(lists: Map<Key, StageNode[]>, key: Key, node: StageNode): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [node]);
  else list.push(node);
}

function reportOutOfReach(report: Report, { name, path, offset, node }: NameUse, source: StageNode): void {
  const [message, suggestion] = outOfReach(name, node, source);
  report.error(path, message, suggestion, { offset });
}

function outOfReach(name: string, node: StageNode | undefined, source: StageNode): [string, string | null] {
  if (node === source) return [`"${name}" is this stage's own output; it does not exist yet.`, null];
  const outer = source.parent;
  if (outer !== undefined && !isInside(node, outer)) {
    return [`"${name}" is inside "${outer.id}"; from here only that stage's output is known.`, outer.id];
  }
  if (node === undefined) return [`"${name}" is the output of a stage; nothing has run yet here.`, null];
  return [
    `"${name}" is the output of stage "${source.id}", which "${node.id}" does not need.`,
    `needs: [${source.id}]`,
  ];
}

function isInside(node: StageNode | undefined, outer: StageNode): boolean {
  for (let at = node; at !== undefined; at = at.parent) if (at.parent === outer) return true;
  return false;
}

/** Two results under one name in one list would depend on which stage ended last. */
function checkOutputs(report: Report, nodes: StageNode[]): void {
  const first = new Map<string, StageNode>();
  for (const node of nodes)
    for (const name of new Set(namesOf(node))) {
      const other = first.get(name);
      if (other === undefined) first.set(name, node);
      else if (other.id !== node.id) {
        const { line, column } = report.place(other.path);
        const key = node.output === name ? "output" : "name";
        report.error(
          [...node.path, key],
          `"${name}" is the output of two stages; the first is "${other.id}" in line ${line}, column ${column}.`,
          `output: ${name}_2`,
        );
      }
    }
  for (const node of nodes) for (const list of node.children) checkOutputs(report, list);
}

function warnOfIdleHandlers(report: Report, nodes: StageNode[]): void {
  const called = new Set(flatten(nodes).flatMap((node) => node.goesTo));
  for (const node of nodes) {
    if (node.handler && !called.has(node))
      report.warn(node.path, `No stage goes to the handler "${node.id}": it never runs.`, `on_error: ${node.id}`);
  }
}
