import { type HybridStage, type Json, type JsonObject, RegentError } from "@regent/contract";
import type { Job, Performed } from "#kernel";
import type { Digest } from "#platform";
import { detailOf, failureOf, runScript, type ScriptEnd, type ScriptMachine, tail } from "./run-script.ts";
import type { AskAgent } from "./scripts.ts";

/** What a script's step records for the agent and for later attempts. */
interface Report extends JsonObject {
  ok: boolean;
  exit: number | null;
  outcome: string;
  stdout: string;
  stderr: string;
  output: Json;
  tree: string | null;
}

interface Edit extends JsonObject {
  path: string;
  content: string;
}

/**
 * The script, then the agent with exit code and output.
 *
 * - With `agent_role: analyze_failures` the agent is asked only when the script failed, and the stage fails with the
 *   script unless an edit heals it: `attempts` above 1 let the agent change files of the workspace and have the
 *   script run again. The analysis is part of the failure.
 * - With another role, or none, the agent is always asked and its answer is the output; what to make of the exit code
 *   is its task.
 *
 * Every script and every model call is a recorded step of its own.
 */
export async function performHybrid(
  deps: ScriptMachine & { agents: AskAgent },
  stage: HybridStage,
  job: Job,
): Promise<Performed> {
  const healing = stage.agentRole === "analyze_failures";
  let tree = job.tree;
  const edited: string[] = [];
  for (let attempt = 1; ; attempt++) {
    const { report, fail } = await recordScript(deps, stage, job, tree);
    if (report.ok && healing)
      return { output: { exit: 0, output: report.output, attempts: attempt, edits: edited }, tree: treeOf(report) };
    const mayEdit = healing && attempt < stage.attempts;
    const schema = mayEdit ? EDITS : healing ? undefined : stage.outputSchema;
    const answer = await deps.agents.ask(job, {
      agent: stage.agent,
      prompt: promptOf(stage, job, mayEdit),
      ...(healing || stage.agentRole === undefined ? {} : { role: stage.agentRole }),
      data: materialOf(stage, report),
      ...(schema === undefined ? {} : { schema }),
    });
    if (!healing) {
      const answered = { exit: report.exit, output: report.output, answer: answer.value ?? answer.text };
      return { output: answered, ...(report.ok ? { tree: treeOf(report) } : {}) };
    }
    const { analysis, edits } = toProposal(answer, mayEdit);
    if (edits.length === 0) throw fail({ analysis, attempts: attempt, edits: edited });
    const applied = await recordEdits(deps, job, tree, edits);
    if (applied.refused !== null) throw fail({ analysis, attempts: attempt, edits: edited, refused: applied.refused });
    tree = applied.tree as Digest;
    for (const edit of edits) if (!edited.includes(edit.path)) edited.push(edit.path);
  }
}

async function recordScript(deps: ScriptMachine, stage: HybridStage, job: Job, tree: Digest) {
  const report = await job.step<Report>("script", stage.id, async (control) => {
    const end = await runScript(deps, stage, job, tree, control);
    // Neither is the script's doing, so no agent can make anything of it.
    if (end.outcome === "cancelled" || end.outcome === "driver-error")
      throw Object.assign(failureOf(end), { show: detailOf(end) });
    return { value: toReport(end), detail: detailOf(end) };
  });
  const trace = { ...report, outcome: report.outcome as ScriptEnd["outcome"] };
  const fail = (more: Record<string, Json>) => failureOf(trace, more);
  return { report, fail };
}

/** Whole files that an agent wrote, on the tree that the failed script started from. All of them or none. */
async function recordEdits(deps: ScriptMachine, job: Job, tree: Digest, edits: Edit[]) {
  return job.step<{ tree: string; refused: string | null }>("files", "edits", async () => {
    const detail = { paths: edits.map((edit) => edit.path) };
    let edited = tree;
    for (const { path, content } of edits) {
      try {
        edited = await deps.workspaces.write(edited, path, Buffer.from(content));
      } catch (error) {
        if (!(error instanceof RegentError)) throw error;
        return { value: { tree, refused: `${path}: ${error.message}` }, detail };
      }
    }
    return { value: { tree: edited, refused: null }, detail };
  });
}

const toReport = (end: ScriptEnd): Report => ({
  ok: end.tree !== null,
  exit: end.exit,
  outcome: end.outcome,
  stdout: tail(end.stdout, 200),
  stderr: tail(end.stderr, 200),
  output: end.output,
  tree: end.tree,
});

const treeOf = (report: Report): Digest => report.tree as Digest;

const ANALYSE = "A script failed. Say in a few sentences what went wrong and what would repair it.";
const MAY_EDIT =
  "You may propose edits: whole files of the workspace with their paths; the script then runs again. Propose none if you are not sure.";

function promptOf(stage: HybridStage, job: Job, mayEdit: boolean): string {
  const asked = stage.prompt === undefined ? undefined : job.render(stage.prompt);
  const own = typeof asked === "string" ? asked : asked === undefined ? undefined : JSON.stringify(asked);
  const task = own ?? (stage.agentRole === "analyze_failures" ? ANALYSE : stage.name);
  return mayEdit ? `${task}\n\n${MAY_EDIT}` : task;
}

/** What scripts print comes from outside: it is material, never part of the question. */
const materialOf = (stage: HybridStage, report: Report): { name: string; value: Json }[] => [
  { name: "script", value: stage.script },
  { name: "end", value: report.outcome === "exit" || report.ok ? `exit code ${report.exit}` : report.outcome },
  { name: "stdout", value: report.stdout },
  { name: "stderr", value: report.stderr },
];

const MAX_EDITS = 50;

const EDITS: JsonObject = {
  type: "object",
  required: ["analysis", "edits"],
  additionalProperties: false,
  properties: {
    analysis: { type: "string", description: "What went wrong" },
    edits: {
      type: "array",
      maxItems: MAX_EDITS,
      items: {
        type: "object",
        required: ["path", "content"],
        additionalProperties: false,
        properties: {
          path: { type: "string", description: "Path of a file in the workspace" },
          content: { type: "string", description: "The whole new content of that file" },
        },
      },
    },
  },
};

/** The schema was checked where the model was called; what was not asked for is ignored. */
function toProposal(answer: { text: string; value?: Json }, mayEdit: boolean): { analysis: string; edits: Edit[] } {
  if (!mayEdit || answer.value === undefined) return { analysis: answer.text, edits: [] };
  const { analysis, edits } = answer.value as { analysis: string; edits: Edit[] };
  return { analysis, edits };
}
