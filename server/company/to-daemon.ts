import type { CatchUp, Daemon, DaemonTrigger, InputField, Json, JsonObject } from "@regent/contract";
import { checkScope, type NameUse } from "./check-scope.ts";
import { checkCron, checkTimezone } from "./check-time.ts";
import { toKebab } from "./identity.ts";
import { isMap, type Making, makeBudget, makeExpression, makeTemplate, optional, resolve } from "./making.ts";
import { findTrigger } from "./references.ts";
import { makeInputs } from "./to-inputs.ts";
import { makeStages, type StagesMaking } from "./to-stages.ts";
import type { Path } from "./yaml-document.ts";

/** A daemon's document, checked for its shape, in canonical form. What is wrong in it is reported. */
export function toDaemon(making: Making, source: JsonObject, path: Path, fallbackId: string): Daemon {
  const uses: NameUse[] = [];
  const stagesMaking: StagesMaking = { ...making, uses, ids: new Map(), count: 0 };
  const id = typeof source.id === "string" ? source.id : toKebab(String(source.name ?? fallbackId));
  const inputs = makeInputs(making, source.inputs, [...path, "inputs"]);
  const nodes = makeStages(stagesMaking, source.stages as Json[], [...path, "stages"], undefined);
  const note = (scope: NameUse["scope"]) => (name: string, at: Path, offset: () => number) =>
    uses.push({ name, path: at, offset, scope });
  const output =
    source.output === undefined ? undefined : makeTemplate(making, source.output, [...path, "output"], note("end"));
  const concurrency = makeConcurrency(making, source, path, note("start"));
  const triggers = makeTriggers(making, source.triggers, [...path, "triggers"], inputs, note("event"));
  const implicit = checkScope(making.report, nodes, uses, inputs);
  noteUnused(making, source, path);
  return {
    id,
    name: String(source.name ?? fallbackId),
    version: String(source.version ?? "0.0.0"),
    ...optional("description", source.description),
    ...optional("author", source.author),
    ...optional("price", makePrice(making, source.price, [...path, "price"])),
    inputs: [...inputs, ...implicit],
    triggers,
    uses: (source.uses as string[] | undefined) ?? [],
    ...optional("budget", makeBudget(making, source.budget, source.on_budget)),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...optional("priority", source.priority),
    cachePaths: makeCachePaths(making, source.cache_paths, [...path, "cache_paths"]),
    ...optional("output", output),
    stages: nodes.map((node) => node.stage!),
  } as Daemon;
}

function makeConcurrency(
  making: Making,
  source: JsonObject,
  path: Path,
  note: Parameters<typeof makeTemplate>[3],
): Daemon["concurrency"] {
  const given = source.concurrency;
  if (!isMap(given)) return undefined;
  return {
    key: makeTemplate(making, given.key ?? "", [...path, "concurrency", "key"], note),
    limit: Number(given.limit ?? 1),
    holdWhileWaiting: (given.hold_while_waiting ?? source.hold_while_waiting) === true,
  };
}

function makeTriggers(
  making: Making,
  source: Json | undefined,
  path: Path,
  inputs: InputField[],
  note: Parameters<typeof makeTemplate>[3],
): DaemonTrigger[] {
  if (!Array.isArray(source)) return [];
  return source.flatMap((given, i): DaemonTrigger[] => {
    const at = [...path, i];
    const name = isMap(given) ? given.trigger : given;
    const map = isMap(given) ? given : {};
    checkTriggerInputs(making, map.inputs, [...at, "inputs"], inputs);
    const with_ =
      map.inputs === undefined
        ? {}
        : { inputs: makeTemplate(making, map.inputs, [...at, "inputs"], note) as JsonObject };
    if (typeof map.cron === "string") {
      checkCron(making.report, map.cron, [...at, "cron"]);
      checkTimezone(making.report, map.timezone, [...at, "timezone"]);
      return [
        {
          kind: "cron",
          cron: map.cron,
          ...optional("timezone", map.timezone),
          catchUp: (map.catch_up ?? "last") as CatchUp,
          ...with_,
        },
      ];
    }
    if (typeof map.event === "string") {
      const where =
        typeof map.where === "string" ? makeExpression(making, map.where, [...at, "where"], note) : undefined;
      return [{ kind: "event", event: map.event, ...optional("where", where), ...with_ }];
    }
    const found = resolve(
      making,
      findTrigger(making.references, String(name)),
      "trigger",
      String(name),
      isMap(given) ? [...at, "trigger"] : at,
    );
    return [{ kind: "named", name: found.is, ...with_ }];
  });
}

function checkTriggerInputs(making: Making, source: Json | undefined, path: Path, inputs: InputField[]): void {
  if (!isMap(source)) return;
  for (const name of Object.keys(source)) {
    if (inputs.some((input) => input.name === name)) continue;
    making.report.error(
      [...path, name],
      `The daemon has no input "${name}".`,
      inputs.map((input) => input.name).join(", ") || null,
      "key",
    );
  }
}

const PRICE = /^(free|(?:[$€£]\s?)?\d[\d.,_]*(?: [A-Z]{3})?(?:\/(?:day|week|month|year))?)$/;

function makePrice(making: Making, source: Json | undefined, path: Path): string | undefined {
  if (source === undefined || source === null) return undefined;
  const text = typeof source === "number" ? `$${source}` : isMap(source) ? source.subscription : source;
  if (typeof text === "string" && PRICE.test(text)) return text;
  making.report.error(path, "Expected free, a price such as $4.99, or { subscription: $9/month }.");
  return undefined;
}

function makeCachePaths(making: Making, source: Json | undefined, path: Path): string[] {
  const paths = (source as string[] | undefined) ?? [];
  for (const [i, name] of paths.entries()) {
    const isInside = !name.startsWith("/") && !name.split("/").includes("..") && name !== ".";
    if (!isInside)
      making.report.error([...path, i], `"${name}" must be a folder inside the workspace.`, "node_modules");
  }
  return paths;
}

const UNUSED = ["author", "price", "uses", "on_budget"];

function noteUnused(making: Making, source: JsonObject, path: Path): void {
  const unused = UNUSED.filter((key) => source[key] !== undefined);
  if (unused.length > 0)
    making.report.warn([...path, unused[0]!], `Read, but not used yet: ${unused.join(", ")}.`, null, "key");
}
