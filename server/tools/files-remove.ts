import { z } from "zod";
import { refuseInput } from "./input-tree.ts";
import { defineTool } from "./tool.ts";

/** Removes a file, or a folder with all that is in it. */
export const filesRemove = defineTool({
  name: "files.remove",
  input: z.strictObject({ path: z.string().min(1) }),
  async call({ workspaces }, { path }, call) {
    refuseInput(call, path);
    return { output: { path }, tree: await workspaces.remove(call.tree, path) };
  },
});
