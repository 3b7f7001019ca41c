import { fail, type Json, RegentError, type ToolStage } from "@regent/contract";
import type { z } from "zod";
import type { Job, Performed } from "#kernel";
import type { Digest } from "#platform";
import type { BoundTool } from "./tool.ts";

/** One call, one recorded step. */
export async function performTool(tools: Map<string, BoundTool>, stage: ToolStage, job: Job): Promise<Performed> {
  const tool = tools.get(stage.tool);
  if (!tool) throw fail("tool_failed", { tool: stage.tool, reason: "no connection provides it here" });
  const parsed = tool.input.safeParse(job.render(stage.with) ?? {});
  if (!parsed.success) throw fail("tool_failed", { tool: stage.tool, reason: inWords(parsed.error) });
  const recorded = await job.step<{ output: Json; tree: string | null }>("tool", stage.tool, async ({ signal }) => {
    const call = { tree: job.tree, inputs: job.files, network: stage.network, signal };
    const { output, tree, detail } = await tool.call(parsed.data, call).catch((error) => {
      throw error instanceof RegentError || signal.aborted
        ? error
        : fail("tool_failed", { tool: stage.tool, reason: String(error?.message ?? error) }, error);
    });
    return { value: { output, tree: tree ?? null }, ...(detail ? { detail } : {}) };
  });
  return recorded.tree === null
    ? { output: recorded.output }
    : { output: recorded.output, tree: recorded.tree as Digest };
}

const inWords = (error: z.ZodError): string =>
  error.issues.map((issue) => `with.${issue.path.join(".")}: ${issue.message}`).join("; ");
