/** The company's files as people write them. The loader checks against these; JSON Schemas are made of them. */
export { AgentSource, AgentsFile } from "./agent.ts";
export { CompanyFile } from "./company.ts";
export { DaemonFile, StagesFile } from "./daemon.ts";
export { type FileKind, fileSchemas, toJsonSchemas } from "./json-schemas.ts";
export { ModelsFile } from "./models.ts";
export { ProductsFile } from "./products.ts";
export { RulesFile } from "./rules.ts";
export { SkillFile } from "./skill.ts";
