import type { Json, JsonObject, Template } from "@regent/contract";
import type { Job, Performers } from "#kernel";
import type { Limits, Sandbox } from "#sandbox";
import type { Scratch, Workspaces } from "#workspaces";
import { performHybrid } from "./hybrid.ts";
import { createLiveOutput, type LiveOutput } from "./live-output.ts";
import { missingForScripts } from "./missing.ts";
import { performScript } from "./script.ts";

/**
 * One question to an agent, a model or a tier, recorded as steps of the job. What stands in `data` is given as
 * material, not to be obeyed; with a schema the output fits it.
 */
export type AskModel = (
  job: Job,
  question: {
    reference: string;
    name: string;
    prompt?: Template;
    role?: string;
    data?: { name: string; value: Json }[];
    schema?: JsonObject;
  },
) => Promise<{ output: Json }>;

export interface ScriptsDeps {
  workspaces: Workspaces;
  sandbox: Sandbox;
  scratch: Scratch;
  askModel: AskModel;
  /** What an agent, model or tier lacks to be asked; empty when it can be. */
  missingAgent(reference: string): string[];
  /** Of the company whose runs these are: caches are kept apart by it. */
  companyId(): string;
  limits?: Partial<Limits>;
}

/** Script and hybrid stages. */
export interface Scripts {
  performers: Pick<Required<Performers>, "script" | "hybrid">;
  /** What running scripts have written so far. */
  live: LiveOutput;
}

export function createScripts(deps: ScriptsDeps): Scripts {
  const live = createLiveOutput();
  const machine = { ...deps, live };
  return {
    live,
    performers: {
      script: {
        missing: (stage) => missingForScripts(deps.sandbox, stage.runtime),
        perform: (stage, job) => performScript(machine, stage, job),
      },
      hybrid: {
        missing: (stage) => [...missingForScripts(deps.sandbox, stage.runtime), ...deps.missingAgent(stage.agent)],
        perform: (stage, job) => performHybrid(machine, stage, job),
      },
    },
  };
}
