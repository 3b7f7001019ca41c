import { createExpressions, type Expressions } from "#expressions";
import type { Loaded, Problem } from "./company.ts";
import { decodeText } from "./decode-text.ts";
import { type FoundFile, findFiles } from "./find-files.ts";
import { type Definition, listDefinitions } from "./list-definitions.ts";
import { makeCompany } from "./make-company.ts";
import { parseYaml } from "./yaml-document.ts";

export interface LoadOptions {
  expressions?: Expressions;
}

/**
 * Reads every file of a company's folder. With one error anywhere there is no company, and every error of the
 * folder is among the problems; warnings are there in either case. Never throws for what a file holds.
 */
export async function loadCompany(folder: string, options: LoadOptions = {}): Promise<Loaded> {
  const problems: Problem[] = [];
  const definitions: Definition[] = [];
  let count = 0;
  for (const file of findFiles(folder, problems)) {
    definitions.push(...readFile(file, problems));
    count += 1;
    // A large company must not hold up the server that reloads it.
    if (count % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return makeCompany(definitions, problems, folder, options.expressions ?? createExpressions());
}

function readFile({ file, bytes }: FoundFile, problems: Problem[]): Definition[] {
  const decoded = decodeText(file, bytes);
  if ("problem" in decoded) {
    problems.push(decoded.problem);
    return [];
  }
  const parsed = parseYaml(file, decoded.text);
  problems.push(...parsed.problems);
  return parsed.documents.flatMap((document) => listDefinitions(document, problems));
}
