import type { Agent, Json, JsonObject } from "@regent/contract";
import { toKebab } from "./identity.ts";
import { MEMORY_STORES } from "./known.ts";
import { isMap, type Making, makeDuration, makeMoney, nearestOf, optional, resolve, toList } from "./making.ts";
import { findModel, findTool, findTrigger } from "./references.ts";
import type { Path } from "./yaml-document.ts";

/** An agent's document in canonical form. */
export function toAgent(making: Making, source: JsonObject, path: Path, fallbackName: string): Agent {
  const name = String(source.name ?? fallbackName);
  const missing = new Set<string>();
  const tools = toList(source.tools).map((tool, i) => {
    const found = resolve(making, findTool(making.references, String(tool)), "tool", String(tool), [
      ...path,
      "tools",
      i,
    ]);
    for (const lack of found.missing) missing.add(lack);
    return found.is;
  });
  const goals = [...toList(source.goal), ...toList(source.goals)].map(String);
  if (goals.length === 0) making.report.error(path, `The agent "${name}" has no goal.`, "goal: …", "key");
  const agent = {
    id: typeof source.id === "string" ? source.id : toKebab(name),
    name,
    ...optional("department", source.department),
    ...optional("role", source.role),
    goals,
    ...optional("backstory", source.backstory),
    ...optional("model", makeModel(making, source.model, [...path, "model"])),
    tools: [...new Set(tools)],
    triggers: toList(source.triggers).map((trigger, i) => makeTrigger(making, trigger, [...path, "triggers", i])),
    rules: toList(source.rules).map((rule, i) => makeRule(making, rule, [...path, "rules", i])),
    ...optional("budget", makeBudget(making, source)),
    limits: makeLimits(source.limits),
    ...optional("memorySchema", makeMemory(making, source.memory_schema, [...path, "memory_schema"])),
    ...optional("reportsTo", makeReportsTo(making, source.reports_to, [...path, "reports_to"])),
    ...(missing.size > 0 ? { missing: [...missing] } : {}),
  };
  noteUnused(making, source, path);
  return agent as Agent;
}

function makeModel(making: Making, source: Json | undefined, path: Path): Agent["model"] {
  if (source === undefined) return undefined;
  const map = isMap(source) ? source : { primary: source };
  const find = (name: Json, at: Path): string =>
    resolve(making, findModel(making.references, String(name)), "model", String(name), at).is;
  const primary = find(map.primary ?? "", isMap(source) ? [...path, "primary"] : path);
  const fallback = toList(map.fallback).map((name, i) =>
    find(name, Array.isArray(map.fallback) ? [...path, "fallback", i] : [...path, "fallback"]),
  );
  return { primary, fallback };
}

/** A name, or the one form that the documents write: `slack_message_contains: bug`. */
function makeTrigger(making: Making, source: Json, path: Path): Json {
  if (!isMap(source))
    return resolve(making, findTrigger(making.references, String(source)), "trigger", String(source), path).is;
  const [key, ...rest] = Object.keys(source).filter((name) => !name.startsWith("x-"));
  const channel = /^(slack|email|whatsapp|chat|sms)_message_contains$/.exec(key ?? "")?.[1];
  if (channel === undefined || rest.length > 0) {
    making.report.error(
      path,
      `Unknown trigger "${key ?? ""}".`,
      () => nearestOf(key ?? "", ["slack_message_contains", "email_message_contains"]) ?? "slack_message_contains: bug",
    );
    return source;
  }
  return { message: { channel, contains: toList(source[key!]).map(String) } };
}

/** `if spend > 3x target_cpa and conversions == 0: pause`, which YAML reads as a map of one key, or as text. */
function makeRule(making: Making, source: Json, path: Path): Json {
  const entry = isMap(source)
    ? Object.entries(source).filter(([key]) => !key.startsWith("x-"))
    : [splitRule(String(source))];
  const [first, ...rest] = entry;
  const condition = /^if\s+(.+)$/s.exec(first?.[0] ?? "")?.[1];
  if (first === undefined || rest.length > 0 || condition === undefined || first[1] === "") {
    making.report.error(path, "Expected a rule such as `if spend > 3x target_cpa: pause`.");
    return source;
  }
  try {
    // biome-ignore lint/suspicious/noThenProperty: the word of the company's files
    return { if: making.expressions.parse(condition), then: first[1] };
  } catch (error) {
    making.report.error(path, (error as Error).message);
    return source;
  }
}

function splitRule(text: string): [string, Json] {
  const colon = text.lastIndexOf(":");
  return colon < 0 ? [text, ""] : [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

const BUDGET_ALIASES: Record<string, string> = {
  max_per_execution: "per_run",
  daily_limit: "per_day",
  monthly_limit: "per_month",
};

function makeBudget(making: Making, source: JsonObject): Json | undefined {
  const ofModel = isMap(source.model) && isMap(source.model.cost_budget) ? source.model.cost_budget : {};
  const budget: JsonObject = {};
  for (const [key, value] of Object.entries({ ...ofModel, ...(isMap(source.budget) ? source.budget : {}) })) {
    const money = makeMoney(making, value);
    if (money !== undefined) budget[BUDGET_ALIASES[key] ?? key] = { ...money };
  }
  return Object.keys(budget).length > 0 ? budget : undefined;
}

function makeLimits(source: Json | undefined): Agent["limits"] {
  const limits = isMap(source) ? source : {};
  const durationMs = makeDuration(limits.duration);
  return {
    steps: Number(limits.steps ?? 30),
    sameCall: Number(limits.same_call ?? 2),
    ...(durationMs === undefined ? {} : { durationMs }),
  };
}

const STORE_KEYS = ["vector_store", "chat_history", "persona_profile", "content_trace"];

function makeMemory(making: Making, source: Json | undefined, path: Path): JsonObject | undefined {
  if (!isMap(source)) return undefined;
  for (const key of STORE_KEYS) {
    const store = source[key];
    if (store === undefined || store === "default") continue;
    if (typeof store !== "string" || !MEMORY_STORES.has(store)) {
      making.report.error(
        [...path, key],
        `Unknown store ${JSON.stringify(store)}; known are ${[...MEMORY_STORES].join(", ")}.`,
        () => nearestOf(String(store), MEMORY_STORES),
      );
    } else making.report.warn([...path, key], `"${store}" is served by the default store (PostgreSQL).`);
  }
  return source;
}

function makeReportsTo(making: Making, source: Json | undefined, path: Path): string | undefined {
  if (typeof source !== "string") return undefined;
  const id = making.references.agents.get(toKebab(source));
  if (id === undefined) {
    const known = making.references.agents.values();
    making.report.error(path, `Unknown agent "${source}".`, () => nearestOf(source, known));
  }
  return id;
}

const UNUSED = ["triggers", "rules", "budget", "memory_schema", "reports_to", "department", "description", "version"];

function noteUnused(making: Making, source: JsonObject, path: Path): void {
  const unused = UNUSED.filter((key) => source[key] !== undefined);
  if (unused.length > 0)
    making.report.warn([...path, unused[0]!], `Read, but not used yet: ${unused.join(", ")}.`, null, "key");
}
