import { fail } from "@regent/contract";
import type { FilesDeps } from "./files.ts";
import { getFile } from "./list-files.ts";

export async function readFile(
  deps: FilesDeps,
  id: string,
  path?: string,
): Promise<{ name: string; bytes: Uint8Array }> {
  const file = await getFile(deps, id);
  const tree = file.digest as `sha256:${string}`;
  const entries = await deps.workspaces.list(tree);
  const files = entries.filter((entry) => entry.kind === "file");
  const wanted = file.kind === "file" && path === undefined ? files[0] : files.find((entry) => entry.path === path);
  if (!wanted)
    throw fail("not_found", { what: path === undefined ? "single file: name one with `path`" : "file in it", id });
  return { name: wanted.path.split("/").at(-1)!, bytes: await deps.workspaces.read(tree, wanted.path) };
}
