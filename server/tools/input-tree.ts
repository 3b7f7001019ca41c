import { fail } from "@regent/contract";
import type { Digest } from "#platform";
import type { ToolCall } from "./tool.ts";

/** `inputs/<name>/…` is an input of the run, everything else the workspace: the same paths that scripts see. */
export function treeAt(call: ToolCall, path: string): { tree: Digest; path: string; prefix: string } {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const input = parts[0] === "inputs" ? call.inputs.find((each) => each.name === parts[1]) : undefined;
  if (!input) return { tree: call.tree, path: parts.join("/"), prefix: "" };
  return { tree: input.tree, path: parts.slice(2).join("/"), prefix: `inputs/${input.name}/` };
}

/** @throws invalid_input  an input is read-only */
export function refuseInput(call: ToolCall, path: string): void {
  if (treeAt(call, path).prefix !== "")
    throw fail("invalid_input", {
      errors: [{ pointer: "/path", message: `${path} is an input of the run: read-only` }],
    });
}
