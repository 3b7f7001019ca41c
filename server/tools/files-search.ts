import { z } from "zod";
import { filesBelow } from "./files-list.ts";
import { defineTool } from "./tool.ts";

const MATCHES = 200;
const BYTES = 1_000_000;
const LINE = 300;

/** Lines that hold a text, `{ path, line, text }`. Plain text, not a pattern: a search cannot be made to run long. */
export const filesSearch = defineTool({
  name: "files.search",
  input: z.strictObject({
    text: z.string().min(1).max(1_000),
    folder: z.string().optional(),
    ending: z.string().optional(),
    ignore_case: z.boolean().optional(),
  }),
  async call(deps, input, call) {
    const fold = (text: string) => (input.ignore_case ? text.toLowerCase() : text);
    const wanted = fold(input.text);
    const matches: { path: string; line: number; text: string }[] = [];
    for (const file of await filesBelow(deps, input, call)) {
      call.signal.throwIfAborted();
      if (file.size > BYTES) continue;
      const text = Buffer.from(await deps.workspaces.read(file.tree, file.inTree)).toString("utf8");
      if (text.includes("\0")) continue;
      for (const [index, line] of text.split("\n").entries()) {
        if (!fold(line).includes(wanted)) continue;
        matches.push({ path: file.path, line: index + 1, text: line.slice(0, LINE) });
        if (matches.length === MATCHES) return { output: matches, detail: { truncated: true } };
      }
    }
    return { output: matches };
  },
});
