import { z } from "zod";
import { refuseInput } from "./input-tree.ts";
import { defineTool } from "./tool.ts";

/** Writes one file: a text as it is, anything else as JSON. The output is its path and size. */
export const filesWrite = defineTool({
  name: "files.write",
  input: z.strictObject({ path: z.string().min(1), content: z.json(), executable: z.boolean().optional() }),
  async call({ workspaces }, { path, content, executable }, call) {
    refuseInput(call, path);
    const bytes = Buffer.from(typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`);
    const tree = await workspaces.write(call.tree, path, bytes, executable === undefined ? {} : { executable });
    return { output: { path, size: bytes.length }, tree };
  },
});
