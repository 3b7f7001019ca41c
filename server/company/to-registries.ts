import type { Json, JsonObject } from "@regent/contract";
import { checkCron, checkTimezone } from "./check-time.ts";
import { isKnownModel, VENDORS } from "./known.ts";
import { isMap, type Making, makeExpression, makeTemplate, nearestOf, resolve, toList } from "./making.ts";
import { findDaemon, findTool, modelNames } from "./references.ts";
import type { Path } from "./yaml-document.ts";

const IN_TRIGGERS = new Set(["event", "company", "env", "product", "products"]);
const IN_POLICIES = new Set([
  "class",
  "amount",
  "tainted",
  "args",
  "tool",
  "agent",
  "connection",
  "run",
  "daemon",
  "labels",
  "product",
  "company",
  "env",
]);

/** In triggers and policies an unknown name is an error: nobody could give it a value. */
const onlyNames = (making: Making, known: ReadonlySet<string>) => (name: string, path: Path, offset: () => number) => {
  if (!known.has(name))
    making.report.error(
      path,
      `Unknown name "${name}"; known here are ${[...known].join(", ")}.`,
      () => nearestOf(name, known),
      { offset },
    );
};
const anyName = (): void => undefined;

/** Expressions of a map made canonical, the rest as it is. */
function withExpressions(
  making: Making,
  source: JsonObject,
  path: Path,
  keys: string[],
  note: Parameters<typeof makeExpression>[3],
): JsonObject {
  const made = { ...source };
  for (const key of keys) {
    if (typeof source[key] !== "string") continue;
    const expression = makeExpression(making, source[key], [...path, key], note);
    if (expression !== undefined) made[key] = expression;
  }
  return made;
}

export function toTrigger(making: Making, source: JsonObject, path: Path): JsonObject {
  if (typeof source.cron === "string") checkCron(making.report, source.cron, [...path, "cron"]);
  checkTimezone(making.report, source.timezone, [...path, "timezone"]);
  if (typeof source.start === "string")
    resolve(making, findDaemon(making.references, source.start), "daemon", source.start, [...path, "start"]);
  const made = withExpressions(making, source, path, ["where"], onlyNames(making, IN_TRIGGERS));
  const inputs: JsonObject =
    source.inputs === undefined
      ? {}
      : { inputs: makeTemplate(making, source.inputs, [...path, "inputs"], onlyNames(making, IN_TRIGGERS)) };
  // The names in `if` are metrics and the subject's own fields; they are known when they arrive.
  return { ...withExpressions(making, made, path, ["if"], anyName), ...inputs };
}

export function checkConnection(making: Making, source: JsonObject, path: Path): JsonObject {
  const { vendor } = source;
  if (typeof vendor === "string" && !VENDORS.has(vendor)) {
    making.report.error(
      [...path, "vendor"],
      `Unknown vendor "${vendor}".`,
      () => nearestOf(vendor, VENDORS) ?? "command: […] or url: … for any MCP server",
    );
  } else making.report.warn(path, "Connections load, and cannot be used yet.", null, "key");
  return source;
}

export function checkModels(making: Making, source: JsonObject, path: Path): JsonObject {
  const names = modelNames(source);
  const check = (name: string, at: Path): void => {
    if (names.has(name)) return;
    const provider = /^([^:/]+)[:/]/.exec(name)?.[1];
    const isListed = provider === undefined || names.has(provider);
    if (isKnownModel(name) && isListed) making.report.warn(at, `"${name}" is in no provider's list of models.`);
    else making.report.error(at, `Unknown model "${name}".`, () => nearestOf(name, names));
  };
  for (const key of ["defaults", "tiers"]) {
    const uses = source[key];
    if (!isMap(uses)) continue;
    for (const [use, given] of Object.entries(uses)) {
      if (!Array.isArray(given)) check(String(given), [...path, key, use]);
      else for (const [i, name] of given.entries()) check(String(name), [...path, key, use, i]);
    }
  }
  const policies = isMap(source.policies) ? Object.keys(source.policies) : [];
  if (policies.length > 0)
    making.report.warn([...path, "policies"], `Read, but not used yet: ${policies.join(", ")}.`, null, "key");
  return source;
}

export function toPolicies(making: Making, source: JsonObject, path: Path): JsonObject {
  const made: JsonObject = { ...source };
  const note = onlyNames(making, IN_POLICIES);
  for (const [key, names] of [
    ["effects", ["amount"]],
    ["refuse", ["when"]],
    ["allow", ["when"]],
    ["ask", ["when"]],
  ] as const) {
    if (!Array.isArray(source[key])) continue;
    made[key] = source[key].map((line, i) => {
      const at = [...path, key, i];
      checkTools(making, (line as JsonObject).tools, [...at, "tools"]);
      return withExpressions(making, line as JsonObject, at, [...names], note);
    });
  }
  making.report.warn(path, "Policies load, and are not used yet.", null, "key");
  return made;
}

function checkTools(making: Making, source: Json | undefined, path: Path): void {
  for (const [i, tool] of toList(source).entries()) {
    if (tool === "*" || typeof tool !== "string") continue;
    const found = findTool(making.references, tool);
    if ("unknown" in found) making.report.error([...path, i], `Unknown tool "${tool}".`, found.nearest);
  }
}

const ACTIONS = ["pause", "alert", "notify", "rollback", "restart", "scale", "start", "tool", "with"];

export function toRule(making: Making, id: string, source: JsonObject, path: Path): JsonObject {
  if ((source.on === undefined) === (source.every === undefined)) {
    making.report.error(path, "A rule has either `on` (an event) or `every` (a duration).", "on: ads.metrics");
  }
  for (const [i, action] of toList(source.then).entries()) {
    const at = Array.isArray(source.then) ? [...path, "then", i] : [...path, "then"];
    const words = isMap(action) ? Object.keys(action) : [String(action).split("_")[0]!];
    for (const word of words)
      if (!ACTIONS.includes(word)) making.report.error(at, `Unknown action "${word}".`, () => nearestOf(word, ACTIONS));
  }
  making.report.warn(path, "Rules load, and are not evaluated yet.", null, "key");
  return { ...withExpressions(making, source, path, ["if"], anyName), id };
}

export function toSkill(making: Making, source: JsonObject, path: Path): JsonObject {
  for (const [i, trigger] of toList(source.triggers).entries()) {
    if (!isMap(trigger) || typeof trigger.schedule !== "string") continue;
    checkCron(making.report, trigger.schedule, [...path, "triggers", i, "schedule"]);
    checkTimezone(making.report, trigger.timezone, [...path, "triggers", i, "timezone"]);
  }
  making.report.warn([...path, "skill"], "Skills load, and cannot run yet.", null, "key");
  return source;
}
