import { z } from "zod";
import type { JsonObject } from "../json.ts";
import { AgentSource, AgentsFile } from "./agent.ts";
import { CompanyFile } from "./company.ts";
import { DaemonFile, StagesFile } from "./daemon.ts";
import { ModelsFile } from "./models.ts";
import { ProductsFile } from "./products.ts";
import { RulesFile } from "./rules.ts";
import { SkillFile } from "./skill.ts";

/** What a document of the company's files can be. */
export const fileSchemas = {
  products: ProductsFile,
  daemon: DaemonFile,
  stages: StagesFile,
  skill: SkillFile,
  models: ModelsFile,
  agents: AgentsFile,
  agent: AgentSource,
  rules: RulesFile,
  company: CompanyFile,
} as const;
export type FileKind = keyof typeof fileSchemas;

/** One JSON Schema for each kind of document, and `any` for a file that may hold each of them. */
export function toJsonSchemas(): Record<string, JsonObject> {
  const schemas: Record<string, JsonObject> = {};
  for (const [kind, schema] of Object.entries(fileSchemas)) schemas[kind] = toJsonSchema(kind, schema);
  schemas.any = toJsonSchema("any", z.union(Object.values(fileSchemas)).meta({ description: "a file of a company" }));
  return schemas;
}

function toJsonSchema(kind: string, schema: z.ZodType): JsonObject {
  const made = z.toJSONSchema(schema, { target: "draft-2020-12", unrepresentable: "any", io: "input" }) as JsonObject;
  allowExtensions(made);
  return { ...made, title: `Regent: ${kind}` };
}

/** Keys that begin with `x-` are allowed wherever keys are listed. */
function allowExtensions(schema: unknown): void {
  if (schema === null || typeof schema !== "object") return;
  if ("additionalProperties" in schema && schema.additionalProperties === false) {
    (schema as JsonObject).patternProperties = { "^x-": {} };
  }
  for (const part of Object.values(schema)) allowExtensions(part);
}
