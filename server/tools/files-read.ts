import { fail } from "@regent/contract";
import { z } from "zod";
import { treeAt } from "./input-tree.ts";
import { defineTool } from "./tool.ts";

const BYTES = 1_000_000;

/** The text of one file of the workspace or of an input. */
export const filesRead = defineTool({
  name: "files.read",
  input: z.strictObject({ path: z.string().min(1) }),
  async call({ workspaces }, { path }, call) {
    const at = treeAt(call, path);
    const bytes = await workspaces.read(at.tree, at.path);
    if (bytes.length > BYTES)
      throw fail("tool_failed", { tool: "files.read", reason: `${path} is larger than ${BYTES} bytes` });
    const text = Buffer.from(bytes).toString("utf8");
    if (text.includes("\0")) throw fail("tool_failed", { tool: "files.read", reason: `${path} is not a text` });
    return { output: text };
  },
});
