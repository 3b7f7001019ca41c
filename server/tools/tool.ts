import type { Json } from "@regent/contract";
import type { z } from "zod";
import type { Digest } from "#platform";
import type { Workspaces } from "#workspaces";

export interface ToolDeps {
  workspaces: Workspaces;
  resolve(host: string): Promise<{ address: string; family: number }[]>;
}

/** What one call may see: the workspace, the run's inputs, and the hosts that its stage names. */
export interface ToolCall {
  tree: Digest;
  inputs: { name: string; tree: Digest }[];
  network: readonly string[];
  signal: AbortSignal;
}

export interface ToolResult {
  output: Json;
  /** The workspace after; absent: unchanged. */
  tree?: Digest;
  /** For the run's page. */
  detail?: Record<string, Json>;
}

export interface BuiltInTool<Input extends z.ZodType = z.ZodType> {
  name: string;
  input: Input;
  call(deps: ToolDeps, input: z.output<Input>, call: ToolCall): Promise<ToolResult>;
}

export const defineTool = <Input extends z.ZodType>(tool: BuiltInTool<Input>): BuiltInTool => tool as BuiltInTool;

/** A tool ready to be called with whatever a stage rendered. */
export interface BoundTool {
  input: z.ZodType;
  call(input: unknown, call: ToolCall): Promise<ToolResult>;
}
