import { lookup } from "node:dns/promises";
import type { Performers } from "#kernel";
import type { Workspaces } from "#workspaces";
import { builtInTools } from "./built-in.ts";
import { performTool } from "./perform-tool.ts";

export interface ToolsDeps {
  workspaces: Workspaces;
  /** All addresses of a host. Default: the system's resolver. */
  resolve?(host: string): Promise<{ address: string; family: number }[]>;
}

/** Tools that need no connection: `http.get` and `files.*`. Those of connections come with the hub. */
export interface Tools {
  names: string[];
  performers: Pick<Required<Performers>, "tool">;
}

export function createTools(deps: ToolsDeps): Tools {
  const resolve = deps.resolve ?? ((host: string) => lookup(host, { all: true, verbatim: true }));
  const tools = builtInTools({ workspaces: deps.workspaces, resolve });
  const names = [...tools.keys()];
  return {
    names,
    performers: {
      tool: {
        missing: ({ tool }) =>
          tools.has(tool) ? [] : [`the tool ${tool} (no connection provides it here; built in: ${names.join(", ")})`],
        perform: (stage, job) => performTool(tools, stage, job),
      },
    },
  };
}
