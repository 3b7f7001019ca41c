import type { Page, StoredFile } from "@regent/contract";
import type { Clock, Database, Ids } from "#platform";
import type { TreeEntry, Workspaces } from "#workspaces";
import { addFile } from "./add-file.ts";
import { getFile, listFiles } from "./list-files.ts";
import { readFile } from "./read-file.ts";

export interface FilesDeps {
  db: Database;
  clock: Clock;
  ids: Ids;
  workspaces: Pick<Workspaces, "addPath" | "list" | "read">;
}

/** Files and folders that people upload as inputs of runs: read-only, by content. */
export interface Files {
  /**
   * Stores what lies at a local path; with an id that exists, nothing new is made and the first is returned.
   * @throws workspace_too_large
   */
  add(path: string, options: { name: string; kind: "file" | "folder"; id?: string }): Promise<StoredFile>;
  /** `digest` is that of a tree, as workspaces know it. @throws not_found */
  get(id: string): Promise<StoredFile>;
  /** Newest first. */
  list(page: { limit: number; cursor?: string }): Promise<Page<StoredFile>>;
  entries(id: string): Promise<TreeEntry[]>;
  /** The bytes of a file; `path` is needed in a folder. @throws not_found */
  read(id: string, path?: string): Promise<{ name: string; bytes: Uint8Array }>;
}

export function createFiles(deps: FilesDeps): Files {
  return {
    add: (path, options) => addFile(deps, path, options),
    get: (id) => getFile(deps, id),
    list: (page) => listFiles(deps, page),
    entries: async (id) => deps.workspaces.list((await getFile(deps, id)).digest as `sha256:${string}`),
    read: (id, path) => readFile(deps, id, path),
  };
}
