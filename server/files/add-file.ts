import type { StoredFile } from "@regent/contract";
import type { FilesDeps } from "./files.ts";
import { getFile } from "./list-files.ts";
import { insertFile } from "./store.ts";

export async function addFile(
  deps: FilesDeps,
  path: string,
  options: { name: string; kind: "file" | "folder"; id?: string },
): Promise<StoredFile> {
  const { tree, size } = await deps.workspaces.addPath(path);
  const id = options.id ?? deps.ids.next("file");
  const created_at = new Date(deps.clock.now());
  await insertFile(deps.db, { id, digest: tree, name: options.name, kind: options.kind, size, created_at });
  return getFile(deps, id);
}
