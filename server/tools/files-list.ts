import { z } from "zod";
import { treeAt } from "./input-tree.ts";
import { defineTool, type ToolCall, type ToolDeps } from "./tool.ts";

const FILES = 10_000;

/** Files below a folder, `{ path, size }`, by path; `truncated` when there are more than 10,000. */
export const filesList = defineTool({
  name: "files.list",
  input: z.strictObject({ folder: z.string().optional(), ending: z.string().optional() }),
  async call(deps, input, call) {
    const files = await filesBelow(deps, input, call);
    const output = files.slice(0, FILES).map(({ path, size }) => ({ path, size }));
    return { output, ...(files.length > FILES ? { detail: { truncated: true } } : {}) };
  },
});

export async function filesBelow(
  { workspaces }: ToolDeps,
  { folder = "", ending = "" }: { folder?: string | undefined; ending?: string | undefined },
  call: ToolCall,
) {
  const at = treeAt(call, folder);
  const below = at.path === "" ? "" : `${at.path}/`;
  return (await workspaces.list(at.tree))
    .filter((entry) => entry.kind === "file" && entry.path.startsWith(below) && entry.path.endsWith(ending))
    .map((entry) => ({ path: at.prefix + entry.path, size: entry.size, tree: at.tree, inTree: entry.path }));
}
