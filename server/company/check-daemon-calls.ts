import type { Daemon, Stage } from "@regent/contract";
import type { Definition } from "./list-definitions.ts";
import { isMap, nearestOf } from "./making.ts";

/** Daemons that start daemons: what is handed over must be what the other takes, and nothing may start itself. */
export function checkDaemonCalls(daemons: Map<string, Daemon>, definitions: Map<string, Definition>): void {
  for (const daemon of daemons.values()) {
    const definition = definitions.get(daemon.id);
    if (definition === undefined) continue;
    for (const stage of daemonStages(daemon.stages)) {
      const child = daemons.get(stage.daemon);
      if (child !== undefined) checkHandedOver(stage, child, definition);
    }
  }
  const cycle = findCallCycle(daemons);
  if (cycle === undefined) return;
  const definition = cycle.map((id) => definitions.get(id)).find((found) => found !== undefined);
  definition?.report.error(
    definition.path,
    `These daemons start each other without end: ${cycle.join(" → ")}.`,
    null,
    "key",
  );
}

function daemonStages(stages: Stage[]): (Stage & { type: "daemon" })[] {
  return stages.flatMap((stage) => {
    if (stage.type === "daemon") return [stage];
    if (stage.type === "for-each") return daemonStages(stage.stages);
    return stage.type === "parallel" ? stage.branches.flatMap((branch) => daemonStages(branch.stages)) : [];
  });
}

function checkHandedOver(stage: Stage & { type: "daemon" }, child: Daemon, { report, path }: Definition): void {
  // A whole map as one expression is only known when it runs.
  if (!isMap(stage.with)) return;
  const given = Object.keys(stage.with);
  const known = child.inputs.map((input) => input.name);
  for (const name of given) {
    if (!known.includes(name))
      report.error(pathOf(stage, path), `The daemon "${child.id}" has no input "${name}".`, () =>
        nearestOf(name, known),
      );
  }
  for (const { name, required } of child.inputs) {
    if (required && !given.includes(name))
      report.error(pathOf(stage, path), `The daemon "${child.id}" needs the input "${name}".`, `with: { ${name}: … }`);
  }
}

const pathOf = (stage: Stage, path: Definition["path"]): Definition["path"] => stagePaths.get(stage) ?? path;

/** Where a stage was made of; kept aside, so that it is no part of the canonical form. */
export const stagePaths = new WeakMap<object, Definition["path"]>();

function findCallCycle(daemons: Map<string, Daemon>): string[] | undefined {
  const done = new Set<string>();
  const walk = (id: string, path: string[]): string[] | undefined => {
    if (path.includes(id)) return [...path.slice(path.indexOf(id)), id];
    const daemon = daemons.get(id);
    if (daemon === undefined || done.has(id)) return undefined;
    for (const { daemon: next } of daemonStages(daemon.stages)) {
      const cycle = walk(next, [...path, id]);
      if (cycle !== undefined) return cycle;
    }
    done.add(id);
    return undefined;
  };
  for (const id of daemons.keys()) {
    const cycle = walk(id, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
