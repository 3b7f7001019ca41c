import { type Agent, type Daemon, fail, type Json, type JsonObject } from "@regent/contract";
import type { Expressions } from "#expressions";
import { checkDaemonCalls } from "./check-daemon-calls.ts";
import type { Company, Problem } from "./company.ts";
import { toKebab } from "./identity.ts";
import { type Definition, listDefinitions } from "./list-definitions.ts";
import type { Making } from "./making.ts";
import { modelNames, type References } from "./references.ts";
import { toAgent } from "./to-agent.ts";
import { toDaemon } from "./to-daemon.ts";
import { parseYaml, type YamlDocument } from "./yaml-document.ts";

/**
 * A daemon that is not in the folder, with the agents that its file may bring along; everything else it refers to is
 * the company's. @throws invalid_definition  all problems are in the detail
 */
export function loadInline(
  company: Company,
  expressions: Expressions,
  definition: string | JsonObject,
  file = "definition.yaml",
): { daemon: Daemon; agents: Map<string, Agent> } {
  const problems: Problem[] = [];
  const definitions = readDocuments(definition, file, problems).flatMap((document) =>
    listDefinitions(document, problems),
  );
  const daemons = definitions.filter((item) => item.kind === "daemon");
  const [first] = daemons;
  if (problems.every((problem) => problem.severity !== "error")) refuseOthers(definitions, daemons, file, problems);
  if (first === undefined || hasErrors(problems)) throw invalid(problems, file);

  const agents = new Map<string, Agent>();
  const references = toReferences(company, definitions, agents);
  const makingOf = (item: Definition): Making => ({
    report: item.report,
    expressions,
    references,
    currency: company.currency,
    timezone: company.timezone,
  });
  for (const item of definitions) {
    if (item.kind === "agent")
      agents.set(
        item.id,
        toAgent(makingOf(item), item.source as JsonObject, item.path, String(item.path.at(-1) ?? item.id)),
      );
  }
  const daemon = toDaemon(makingOf(first), first.source as JsonObject, first.path, first.id);
  checkDaemonCalls(new Map([...company.daemons, [daemon.id, daemon]]), new Map([[daemon.id, first]]));
  if (hasErrors(problems)) throw invalid(problems, file);
  return { daemon, agents };
}

const TEXT_MAX = 1_000_000;

function readDocuments(definition: string | JsonObject, file: string, problems: Problem[]): YamlDocument[] {
  // Given as JSON there are no lines: the pointer says where.
  if (typeof definition !== "string") return [{ file, value: definition, place: () => ({ line: 1, column: 1 }) }];
  if (definition.length > TEXT_MAX) {
    const message = `The definition has ${definition.length} characters; at most ${TEXT_MAX} are read.`;
    problems.push({ file, line: 1, column: 1, pointer: "", message, suggestion: null, severity: "error" });
    return [];
  }
  const parsed = parseYaml(file, definition);
  problems.push(...parsed.problems);
  return parsed.documents;
}

function refuseOthers(definitions: Definition[], daemons: Definition[], file: string, problems: Problem[]): void {
  const other = definitions.find((item) => item.kind !== "daemon" && item.kind !== "agent");
  if (other !== undefined)
    other.report.error(
      other.path,
      `A definition that is run holds a daemon and its agents; a ${other.kind} belongs into the company's folder.`,
      null,
      "key",
    );
  if (daemons.length > 1)
    daemons[1]!.report.error(daemons[1]!.path, "A definition that is run holds one daemon.", null, "key");
  if (daemons.length === 0 && other === undefined) {
    problems.push({
      file,
      line: 1,
      column: 1,
      pointer: "",
      message: "There is no daemon in it.",
      suggestion: "daemon: …",
      severity: "error",
    });
  }
}

function toReferences(company: Company, definitions: Definition[], agents: Map<string, Agent>): References {
  const own = definitions.filter((item) => item.kind === "agent").map((item) => item.id);
  return {
    agents: new Map([...company.agents.keys(), ...own].map((id) => [toKebab(id), id])),
    daemons: new Map([...company.daemons.keys()].map((id) => [toKebab(id), id])),
    skills: new Set(company.skills.keys()),
    triggers: new Set(company.triggers.keys()),
    connections: new Set(company.connections.keys()),
    models: modelNames(company.models as Json),
    missingOfAgent: (id) => (agents.get(id) ?? company.agents.get(id))?.missing ?? [],
  };
}

const hasErrors = (problems: Problem[]): boolean => problems.some((problem) => problem.severity === "error");

function invalid(problems: Problem[], file: string) {
  const errors = problems
    .filter((problem) => problem.severity === "error")
    .map(({ pointer, message }) => ({ pointer, message }));
  return fail("invalid_definition", { file, errors, problems: problems as unknown as Json });
}
