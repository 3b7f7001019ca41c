import type { Json, JsonObject } from "@regent/contract";
import { type FileKind, fileSchemas } from "@regent/contract/company";
import { checkShape } from "./check-shape.ts";
import type { Problem } from "./company.ts";
import { identify, nearestKind } from "./identify.ts";
import { toKebab } from "./identity.ts";
import { isMap } from "./making.ts";
import { createReport, type Report } from "./report.ts";
import type { Path, YamlDocument } from "./yaml-document.ts";

export type DefinitionKind =
  | "company" | "product" | "agent" | "daemon" | "skill" | "models" | "trigger" | "connection" | "policies" | "budgets" | "rule" | "env"; // biome-ignore format: one list

/** One thing that a document defines, and where it stands. */
export interface Definition {
  kind: DefinitionKind;
  id: string;
  source: Json;
  path: Path;
  report: Report;
  /** Its document does not have the shape that it must have: known by its id, and not read further. */
  broken: boolean;
}

/** Everything that a document defines, by its content. */
export function listDefinitions(document: YamlDocument, problems: Problem[]): Definition[] {
  const report = createReport(document, problems);
  const { value, file } = document;
  if (!isMap(value)) {
    report.error([], "A file of a company holds a map of keys and values.", "daemon: …");
    return [];
  }
  const kind = identify(value);
  if (kind === undefined) {
    const keys = Object.keys(value);
    const meant = nearestKind(value);
    report.error(
      meant === undefined ? [] : keys.slice(0, 1),
      `Nothing in this document says what it is; its keys are ${keys.slice(0, 8).join(", ")}.`,
      meant ?? "daemon, stages, agents, products, providers, rules, company …",
      "key",
    );
    return [];
  }
  checkShape(fileSchemas[kind], value, [], report);
  const broken = report.hasErrors;
  return listOf(kind, value, file).map(({ kind: defined, id, path, source }) => ({
    kind: defined,
    id,
    path,
    source,
    report,
    broken,
  }));
}

type Listed = Pick<Definition, "kind" | "id" | "path" | "source">;

function listOf(kind: FileKind, value: JsonObject, file: string): Listed[] {
  switch (kind) {
    case "daemon":
      return [{ kind: "daemon", id: idOf(value.daemon, stemOf(file)), path: ["daemon"], source: value.daemon ?? null }];
    case "stages":
      return [
        {
          kind: "daemon",
          id: typeof value.id === "string" ? value.id : toKebab(stemOf(file)),
          path: [],
          source: value,
        },
      ];
    case "agent":
      return [{ kind: "agent", id: idOf(value, ""), path: [], source: value }];
    case "agents":
      return entriesOf("agent", value.agents, ["agents"]).map((agent) => ({
        ...agent,
        id: isMap(agent.source) && typeof agent.source.id === "string" ? agent.id : toKebab(agent.id),
      }));
    case "products":
      return entriesOf("product", value.products, ["products"]);
    case "skill":
      return [{ kind: "skill", id: skillIdOf(value.skill), path: [], source: value }];
    case "models":
      return [{ kind: "models", id: "models", path: [], source: value }];
    case "rules":
      return entriesOf("rule", value.rules, ["rules"]);
    case "company":
      return listNamed(value);
  }
}

function listNamed(value: JsonObject): Listed[] {
  const one = (kind: DefinitionKind): Listed[] =>
    value[kind] === undefined ? [] : [{ kind, id: kind, path: [kind], source: value[kind]! }];
  return [
    ...one("company"),
    ...one("env"),
    ...one("policies"),
    ...one("budgets"),
    ...entriesOf("trigger", value.triggers, ["triggers"]),
    ...entriesOf("connection", value.connections, ["connections"]),
  ];
}

/** A map by name, or a list. */
function entriesOf(kind: DefinitionKind, source: Json | undefined, path: Path): Listed[] {
  if (Array.isArray(source)) {
    return source.map((item, i) => ({ kind, id: idOf(item, `${kind}-${i + 1}`), path: [...path, i], source: item }));
  }
  if (!isMap(source)) return [];
  return Object.entries(source)
    .filter(([key]) => !key.startsWith("x-"))
    .map(([key, item]) => ({
      kind,
      id: isMap(item) && typeof item.id === "string" ? item.id : key,
      path: [...path, key],
      source: item,
    }));
}

function idOf(source: Json | undefined, fallback: string): string {
  if (!isMap(source)) return toKebab(fallback);
  if (typeof source.id === "string") return source.id;
  return toKebab(typeof source.name === "string" ? source.name : fallback);
}

function skillIdOf(source: Json | undefined): string {
  const { domain, name } = isMap(source) ? source : {};
  return [domain, name]
    .filter((part) => typeof part === "string")
    .map((part) => toKebab(part as string))
    .join("/");
}

/** `market/weekly-report.daemon.yaml` → `weekly-report`. */
const stemOf = (file: string): string =>
  file
    .split("/")
    .at(-1)!
    .replace(/\.yaml$/, "")
    .replace(/\.(daemon|stages|agent|rules|skill)$/, "");
