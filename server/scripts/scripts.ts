import type { Json, JsonObject } from "@regent/contract";
import type { Job, Performers } from "#kernel";
import type { Limits, Sandbox } from "#sandbox";
import type { Scratch, Workspaces } from "#workspaces";
import { performHybrid } from "./hybrid.ts";
import { createLiveOutput, type LiveOutput } from "./live-output.ts";
import { missingForScripts } from "./missing.ts";
import { performScript } from "./script.ts";

/** What a hybrid stage needs from whoever calls models; `agents/` happens to provide it. */
export interface AskAgent {
  /** What an agent, model or tier lacks to be asked; empty when it can be. */
  missing(reference: string): string[];
  /**
   * Every model call is a recorded step of the job. `data` is given as material that is not to be obeyed; with a
   * schema `value` fits it.
   */
  ask(
    job: Job,
    question: {
      agent: string;
      prompt: string;
      role?: string;
      data?: { name: string; value: Json }[];
      schema?: JsonObject;
    },
  ): Promise<{ text: string; value?: Json }>;
}

export interface ScriptsDeps {
  workspaces: Workspaces;
  sandbox: Sandbox;
  scratch: Scratch;
  agents: AskAgent;
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
        missing: (stage) => [...missingForScripts(deps.sandbox, stage.runtime), ...deps.agents.missing(stage.agent)],
        perform: (stage, job) => performHybrid(machine, stage, job),
      },
    },
  };
}
