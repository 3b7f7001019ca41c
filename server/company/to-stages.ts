import type { Json, OnError, Stage } from "@regent/contract";
import { stagePaths } from "./check-daemon-calls.ts";
import type { NameUse } from "./check-scope.ts";
import { toSnake } from "./identity.ts";
import { isMap, type Making, nearestOf, toList } from "./making.ts";
import { expandShorthand } from "./shorthand.ts";
import { findCycle, type StageNode } from "./stage-tree.ts";
import { makeBase } from "./to-stage-base.ts";
import { makeBody } from "./to-stage-body.ts";
import type { Path } from "./yaml-document.ts";

export interface StagesMaking extends Making {
  uses: NameUse[];
  /** Every stage id of the daemon, with its node. */
  ids: Map<string, StageNode>;
  count: number;
}

type Source = { [key: string]: Json };

const STAGES_MAX = 2_000;

/** The stages of one list. Order becomes `needs`; stages inside stages follow the same way. */
export function makeStages(
  making: StagesMaking,
  all: Json[],
  path: Path,
  parent: StageNode | undefined,
  nameIfNone?: string,
): StageNode[] {
  // What is beyond the limit is reported and not read: its cost must be bounded too.
  const sources = all.slice(0, Math.max(0, STAGES_MAX + 1 - making.count));
  const maps = sources.map((source) => (isMap(source) ? source : expandShorthand(making, String(source))));
  const nodes = maps.map((source, i) => makeNode(making, source, pathOf(path, i, nameIfNone), parent, nameIfNone));
  parent?.children.push(nodes);
  linkNeeds(making, nodes, maps);
  for (const [i, node] of nodes.entries()) linkErrors(making, node, maps[i]!);
  for (const [i, node] of nodes.entries()) node.stage = makeStage(making, node, maps[i]!, sources[i]!, nodes[i - 1]);
  return nodes;
}

/** A branch that is one stage stands at the branch itself, not in a list. */
const pathOf = (path: Path, i: number, nameIfNone: string | undefined): Path =>
  nameIfNone === undefined ? [...path, i] : path;

function makeNode(
  making: StagesMaking,
  source: Source,
  path: Path,
  parent: StageNode | undefined,
  nameIfNone: string | undefined,
): StageNode {
  const name = String(source.name ?? nameIfNone ?? "stage");
  const node: StageNode = {
    id: toSnake(String(source.id ?? name)),
    name,
    output: typeof source.output === "string" ? source.output : undefined,
    path,
    order: making.count,
    handler: source.handler === true,
    parent,
    needs: [],
    goesTo: [],
    isForEach: source.type === "for-each",
    children: [],
    reads: [],
    stage: undefined,
  };
  making.count += 1;
  if (making.count === STAGES_MAX + 1)
    making.report.error(path, `A daemon has at most ${STAGES_MAX} stages.`, "move a part into a daemon of its own");
  const first = making.ids.get(node.id);
  if (first === undefined) making.ids.set(node.id, node);
  else {
    const { line, column } = making.report.place(first.path);
    making.report.error(
      path,
      `Two stages have the id "${node.id}"; the first is in line ${line}, column ${column}.`,
      `name: ${name} 2`,
    );
  }
  if (node.handler && parent !== undefined)
    making.report.error([...path, "handler"], "A handler stands among the daemon's own stages, not inside one.");
  return node;
}

function linkNeeds(making: StagesMaking, nodes: StageNode[], sources: Source[]): void {
  const isGraph = sources.some((source) => source.needs !== undefined);
  let before: StageNode | undefined;
  for (const [i, node] of nodes.entries()) {
    if (node.handler) {
      if (sources[i]!.needs !== undefined)
        making.report.error(
          [...node.path, "needs"],
          "A handler is reached by `on_error` alone and needs nothing.",
          null,
          "key",
        );
      continue;
    }
    if (isGraph) linkNamed(making, node, sources[i]!, nodes);
    else if (before !== undefined) node.needs = [before];
    before = node;
  }
  const cycle = findCycle(nodes);
  if (cycle !== undefined) {
    making.report.error(
      [...cycle[0]!.path, "needs"],
      `These stages need each other: ${cycle.map((node) => node.id).join(" → ")}.`,
    );
    for (const node of cycle) node.needs = [];
  }
}

function linkNamed(making: StagesMaking, node: StageNode, source: Source, nodes: StageNode[]): void {
  for (const [i, given] of toList(source.needs).entries()) {
    const at = Array.isArray(source.needs) ? [...node.path, "needs", i] : [...node.path, "needs"];
    const wanted = toSnake(String(given));
    const found = nodes.find((other) => other.id === wanted);
    if (found === undefined) {
      const others = nodes.filter((other) => other !== node && !other.handler).map((other) => other.id);
      making.report.error(at, `Unknown stage "${given}".`, () => nearestOf(wanted, others) ?? others[0] ?? null);
    } else if (found.handler) making.report.error(at, `"${given}" is a handler; nothing can need it.`);
    else if (!node.needs.includes(found)) node.needs.push(found);
  }
}

/** Where a stage goes when it fails or is rejected. */
function linkErrors(making: StagesMaking, node: StageNode, source: Source): void {
  for (const key of ["on_error", "on_reject"]) {
    const given = source[key];
    if (typeof given !== "string" || given === "fail" || given === "continue") continue;
    const at = [...node.path, key];
    const target = making.ids.get(toSnake(given));
    if (target === undefined) {
      const handlers = [...making.ids.values()].filter((other) => other.handler).map((other) => other.id);
      making.report.error(at, `Unknown stage "${given}"; ${key} is fail, continue, or a handler declared before.`, () =>
        nearestOf(given, [...handlers, "fail", "continue"]),
      );
    } else if (!target.handler) making.report.error(at, `"${given}" is no handler.`, "handler: true on that stage");
    else if (target === node) making.report.error(at, "A handler cannot go to itself.");
    else {
      node.goesTo.push(target);
      if (target.order > node.order) {
        const message = `The handler "${given}" reads better before the stages that go to it.`;
        making.report.warn(at, message, `move "${given}" before "${node.id}"`);
      }
    }
  }
}

export const toOnError = (given: Json | undefined): OnError => {
  if (given === "continue") return { do: "continue" };
  return typeof given !== "string" || given === "fail" ? { do: "fail" } : { do: "goto", stage: toSnake(given) };
};

function makeStage(
  making: StagesMaking,
  node: StageNode,
  source: Source,
  written: Json,
  before: StageNode | undefined,
): Stage {
  const base = makeBase(making, node, source);
  const body = makeBody(making, node, source, written, before);
  const missing = [...(base.missing ?? []), ...body.missing];
  const { missing: _, ...rest } = base;
  const stage = {
    ...rest,
    ...body.fields,
    ...(missing.length > 0 ? { missing: [...new Set(missing)] } : {}),
    place: making.report.place(node.path),
  } as Stage;
  stagePaths.set(stage, node.path);
  return stage;
}
