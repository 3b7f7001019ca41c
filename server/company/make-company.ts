import { basename, resolve as resolvePath } from "node:path";
import type { Agent, Daemon, Json, JsonObject } from "@regent/contract";
import type { Expressions } from "#expressions";
import { type Digest, digestOf } from "#platform";
import { checkDaemonCalls } from "./check-daemon-calls.ts";
import { isTimezone } from "./check-time.ts";
import type { Company, Loaded, Problem } from "./company.ts";
import { toKebab } from "./identity.ts";
import type { Definition, DefinitionKind } from "./list-definitions.ts";
import { isMap, type Making } from "./making.ts";
import { modelNames, type References } from "./references.ts";
import { stripPlaces } from "./strip-places.ts";
import { toAgent } from "./to-agent.ts";
import { toDaemon } from "./to-daemon.ts";
import { checkConnection, checkModels, toPolicies, toRule, toSkill, toTrigger } from "./to-registries.ts";

/** Definitions of a folder as one company: references resolved, everything canonical. */
export function makeCompany(
  definitions: Definition[],
  problems: Problem[],
  folder: string,
  expressions: Expressions,
): Loaded {
  const known = takeUnique(definitions);
  const of = (kind: DefinitionKind): Definition[] => known.filter((definition) => definition.kind === kind);
  const sound = (kind: DefinitionKind): Definition[] => of(kind).filter((definition) => !definition.broken);
  const header = readHeader(of("company")[0], of("env")[0], folder);
  const agents = new Map<string, Agent>();
  const references = toReferences(of, agents);
  const makingOf = (definition: Definition): Making => ({
    report: definition.report,
    expressions,
    references,
    currency: header.currency,
    timezone: header.timezone,
  });

  for (const item of sound("agent"))
    agents.set(item.id, toAgent(makingOf(item), item.source as JsonObject, item.path, lastName(item)));
  const daemons = new Map<string, Daemon>();
  for (const item of sound("daemon"))
    daemons.set(item.id, toDaemon(makingOf(item), item.source as JsonObject, item.path, item.id));
  const products = toMap(sound("product"), (item) => ({
    ...(item.source as JsonObject),
    id: item.id,
    name: (item.source as JsonObject).name ?? item.id,
  }));
  const triggers = toMap(sound("trigger"), (item) => toTrigger(makingOf(item), item.source as JsonObject, item.path));
  const connections = toMap(sound("connection"), (item) =>
    checkConnection(makingOf(item), item.source as JsonObject, item.path),
  );
  const skills = toMap(sound("skill"), (item) => toSkill(makingOf(item), item.source as JsonObject, item.path));
  const rules = sound("rule").map((item) => toRule(makingOf(item), item.id, item.source as JsonObject, item.path));
  const [models] = sound("models").map((item) => checkModels(makingOf(item), item.source as JsonObject, item.path));
  const [policies] = sound("policies").map((item) => toPolicies(makingOf(item), item.source as JsonObject, item.path));
  checkTimezoneOf(header, of("company")[0]);
  checkDaemonCalls(daemons, new Map(of("daemon").map((item) => [item.id, item])));

  problems.sort(byPlace);
  if (problems.some((problem) => problem.severity === "error")) return { company: null, problems };
  const made = {
    ...header,
    daemons,
    agents,
    products,
    triggers,
    connections,
    skills,
    rules,
    models: models ?? null,
    policies: policies ?? null,
  };
  const budgets = (sound("budgets")[0]?.source as JsonObject | undefined) ?? {};
  const places = new Map(known.map((item) => [`${item.kind}/${item.id}`, item.report.place(item.path)]));
  let digests: Map<string, Digest> | undefined;
  const company = {
    ...made,
    budgets,
    places,
    // Taken when asked for: a check of the files alone needs none.
    get digests() {
      digests ??= toDigests(made);
      return digests;
    },
  };
  return { company, problems };
}

const byPlace = (a: Problem, b: Problem): number =>
  (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column;

/** Two definitions of one kind with one id are an error at the second, which names the first. */
function takeUnique(definitions: Definition[]): Definition[] {
  const first = new Map<string, Definition>();
  for (const definition of definitions) {
    const key = `${definition.kind}/${toKebab(definition.id)}`;
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, definition);
      continue;
    }
    const { file, line, column } = other.report.place(other.path);
    const what =
      definition.kind === definition.id ? `\`${definition.kind}\`` : `the ${definition.kind} "${definition.id}"`;
    definition.report.error(
      definition.path,
      `There are two definitions of ${what}; the other is in ${file}:${line}:${column}.`,
      "id: …",
      "key",
    );
  }
  return [...first.values()];
}

interface Header {
  id: string;
  name: string;
  currency: string;
  timezone: string;
  env: JsonObject;
}

function readHeader(company: Definition | undefined, env: Definition | undefined, folder: string): Header {
  const name = basename(resolvePath(folder)) || "company";
  const source = company?.broken === false ? company.source : {};
  const map = isMap(source) ? source : { name: source };
  const values = {
    ...(isMap(map.env) ? map.env : {}),
    ...(env?.broken === false && isMap(env.source) ? env.source : {}),
  };
  return {
    id: String(map.id ?? "main"),
    name: String(map.name ?? name),
    currency: String(map.currency ?? "USD"),
    timezone: String(map.timezone ?? "UTC"),
    env: values,
  };
}

function checkTimezoneOf(header: Header, company: Definition | undefined): void {
  if (company === undefined || isTimezone(header.timezone)) return;
  company.report.error(
    [...company.path, "timezone"],
    `There is no time zone "${header.timezone}".`,
    "a name such as Europe/Berlin or UTC",
  );
}

function toReferences(of: (kind: DefinitionKind) => Definition[], agents: Map<string, Agent>): References {
  const ids = (kind: DefinitionKind): Set<string> => new Set(of(kind).map((item) => item.id));
  return {
    agents: byKebab(of("agent")),
    daemons: byKebab(of("daemon")),
    skills: ids("skill"),
    triggers: ids("trigger"),
    connections: ids("connection"),
    models: modelNames(of("models")[0]?.source),
    missingOfAgent: (id) => agents.get(id)?.missing ?? [],
  };
}

const byKebab = (items: Definition[]): Map<string, string> => new Map(items.map((item) => [toKebab(item.id), item.id]));

const lastName = (item: Definition): string => String(item.path.at(-1) ?? item.id);

const toMap = (items: Definition[], make: (item: Definition) => JsonObject): Map<string, JsonObject> =>
  new Map(items.map((item) => [item.id, make(item)]));

type Made = Omit<Company, "digests" | "budgets" | "places">;

function toDigests(made: Made): Map<string, Digest> {
  const digests = new Map<string, Digest>();
  for (const [key, body] of bodiesOf(made)) digests.set(key, digestOf(body));
  return digests;
}

/** `kind/id` → canonical form, as it is stored by its digest. */
export function bodiesOf(made: Made): Map<string, Json> {
  const bodies = new Map<string, Json>();
  for (const [id, daemon] of made.daemons) bodies.set(`daemon/${id}`, stripPlaces(daemon));
  for (const [id, agent] of made.agents) bodies.set(`agent/${id}`, agent as unknown as Json);
  for (const kind of ["product", "trigger", "connection", "skill"] as const) {
    for (const [id, body] of made[`${kind}s`]) bodies.set(`${kind}/${id}`, body);
  }
  for (const rule of made.rules) bodies.set(`rule/${String((rule as JsonObject).id)}`, rule);
  if (made.models !== null) bodies.set("models/models", made.models);
  if (made.policies !== null) bodies.set("policies/policies", made.policies);
  return bodies;
}
