import { type Json, nearest } from "@regent/contract";
import { toKebab } from "./identity.ts";
import {
  BUILT_IN_TOOLS,
  CLI_AGENTS,
  isKnownModel,
  isKnownTrigger,
  knownTriggers,
  OWN_NAMESPACES,
  TIERS,
  TOOL_ALIASES,
  VENDORS,
} from "./known.ts";

/** What the definitions of a company may refer to. Agents and daemons: kebab-case → id; the others as written. */
export interface References {
  agents: ReadonlyMap<string, string>;
  daemons: ReadonlyMap<string, string>;
  skills: ReadonlySet<string>;
  triggers: ReadonlySet<string>;
  connections: ReadonlySet<string>;
  /** Models by every name that models.yaml gives them: `openai:gpt-4.1`, `gpt-4.1`, and providers. */
  models: ReadonlySet<string>;
  /** What an agent of the company lacks. */
  missingOfAgent(id: string): string[];
}

/** `is` is the canonical name; `missing` what must be set up before it works; unknown names have the nearest one. */
export type Found = { is: string; missing: string[]; note?: string } | { unknown: true; nearest(): string | undefined };

/** Looked up as agent, then CLI agent, model, tier. */
export function findAgent(references: References, name: string): Found {
  const kebab = toKebab(name);
  const id = references.agents.get(kebab);
  if (id !== undefined) {
    return { is: id, missing: references.missingOfAgent(id).map((missing) => `${missing} (agent ${id})`) };
  }
  if (CLI_AGENTS.has(kebab)) return { is: kebab, missing: [`the CLI agent ${kebab}`] };
  if (references.models.has(name) || TIERS.has(name)) return { is: name, missing: [] };
  const model = toModelName(name);
  if (isKnownModel(model))
    return { is: model, missing: [], note: `The model ${model} is in no provider of models.yaml.` };
  const known = () => [...references.agents.values(), ...CLI_AGENTS, ...references.models, ...TIERS];
  return { unknown: true, nearest: () => nearest(name, known()) };
}

export function findModel(references: References, name: string): Found {
  if (references.models.has(name) || TIERS.has(name)) return { is: name, missing: [] };
  if (isKnownModel(name)) return { is: name, missing: [], note: `The model ${name} is in no provider of models.yaml.` };
  return { unknown: true, nearest: () => nearest(name, [...references.models, ...TIERS]) };
}

/** `GPT-4` and `DALL-E` as the documents write them. */
const toModelName = (name: string): string => name.trim().toLowerCase().replace(/\s+/g, "-");

/** `x_mcp` is every tool of connection x; `x.y`, `x.*`; the documents' aliases. */
export function findTool(references: References, name: string): Found {
  if (references.connections.has(name)) return { is: `${name}.*`, missing: [`the tools of connection ${name}`] };
  if (Object.hasOwn(TOOL_ALIASES, name))
    return { is: TOOL_ALIASES[name]!, missing: [`the tool ${TOOL_ALIASES[name]}`] };
  if (BUILT_IN_TOOLS.has(name) || name === "files.*" || name === "http.*") return { is: name, missing: [] };
  const [namespace, tool] = splitTool(name);
  if (namespace === "files" || namespace === "http")
    return { unknown: true, nearest: () => nearest(name, BUILT_IN_TOOLS) };
  const is = `${namespace}.${tool}`;
  if (references.connections.has(namespace))
    return { is, missing: [`the tool ${is} (tools of connections cannot be called yet)`] };
  if (OWN_NAMESPACES.has(namespace)) return { is, missing: [`the tool ${is}`] };
  if (VENDORS.has(namespace)) return { is, missing: [`a connection ${namespace} for ${is}`] };
  const suffix = name.startsWith(namespace) ? name.slice(namespace.length) : "";
  return { unknown: true, nearest: () => nearestTool(references, name, namespace, suffix) };
}

function nearestTool(references: References, name: string, namespace: string, suffix: string): string | undefined {
  const namespaces = [...references.connections, ...VENDORS, ...OWN_NAMESPACES, "files", "http"];
  const near = nearest(namespace, namespaces);
  return near === undefined ? nearest(name, Object.keys(TOOL_ALIASES)) : `${near}${suffix}`;
}

function splitTool(name: string): [namespace: string, tool: string] {
  const bundle = /^(.+)_(?:mcp|api)$/.exec(name);
  if (bundle !== null) return [bundle[1]!, "*"];
  const dot = name.indexOf(".");
  return dot < 0 ? [name, "*"] : [name.slice(0, dot), name.slice(dot + 1)];
}

export function findTrigger(references: References, name: string): Found {
  if (references.triggers.has(name)) return { is: name, missing: [] };
  if (isKnownTrigger(name)) return { is: name, missing: [`the trigger ${name} (not defined under triggers)`] };
  return { unknown: true, nearest: () => nearest(name, [...references.triggers, ...knownTriggers()]) };
}

export function findDaemon(references: References, name: string): Found {
  const id = references.daemons.get(toKebab(name));
  if (id !== undefined) return { is: id, missing: [] };
  return { unknown: true, nearest: () => nearest(name, references.daemons.values()) };
}

/** `domain/name[@range]`. */
export function findSkill(references: References, name: string): Found {
  const bare = name.replace(/@.*$/, "");
  const id = bare.split("/").map(toKebab).join("/");
  if (references.skills.has(id)) return { is: name.replace(bare, id), missing: [] };
  return { unknown: true, nearest: () => nearest(id, references.skills) };
}

/** Every name that a model of the registry goes by. */
export function modelNames(registry: Json | undefined): Set<string> {
  const names = new Set<string>();
  const providers = isObject(registry) && isObject(registry.providers) ? registry.providers : {};
  for (const [provider, given] of Object.entries(providers)) {
    names.add(provider);
    const models = isObject(given) ? given.models : undefined;
    const listed = isObject(models) ? Object.keys(models) : Array.isArray(models) ? models : [];
    for (const model of listed) {
      const name = isObject(model) ? String(model.id ?? model.name ?? "") : String(model);
      for (const spelled of [name, `${provider}:${name}`, `${provider}/${name}`]) names.add(spelled);
    }
  }
  return names;
}

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  value !== null && typeof value === "object" && !Array.isArray(value);
