import { filesList } from "./files-list.ts";
import { filesRead } from "./files-read.ts";
import { filesRemove } from "./files-remove.ts";
import { filesSearch } from "./files-search.ts";
import { filesWrite } from "./files-write.ts";
import { httpGet } from "./http-get.ts";
import type { BoundTool, ToolDeps } from "./tool.ts";

export function builtInTools(deps: ToolDeps): Map<string, BoundTool> {
  const tools = [httpGet, filesRead, filesWrite, filesList, filesSearch, filesRemove];
  return new Map(
    tools.map((tool) => [tool.name, { input: tool.input, call: (input, call) => tool.call(deps, input, call) }]),
  );
}
