import type { Blobs, Clock, Digest } from "#platform";
import { addPath } from "./add-path.ts";
import { createCaches } from "./caches.ts";
import { checkIn } from "./check-in.ts";
import { checkOut } from "./check-out.ts";
import { fingerprints } from "./fingerprints.ts";
import { mergeTrees } from "./merge.ts";
import { reach } from "./reach.ts";
import { createTrees } from "./tree.ts";
import { readFrom, removeFrom, writeTo } from "./write.ts";

/** The digest of a tree: a list of paths with mode and content digest. */
export type TreeDigest = Digest;

export interface TreeEntry {
  /** Relative, `/` between parts, no `..`. */
  path: string;
  kind: "file" | "folder" | "link";
  executable: boolean;
  size: number;
  /** Content of a file; the text of a link's target. */
  digest?: Digest;
  target?: string;
}

/** Folders such as `node_modules` that are never part of the tree. */
export interface CacheOptions {
  /** A bare name means that folder wherever it lies; with `/` it is a path from the root of the workspace. */
  cachePaths?: string[];
  /** Whose caches: company and daemon. Absent: they are left out of the tree, and not kept. */
  cacheScope?: string;
}

export interface CheckInOptions extends CacheOptions {
  /** Called for each device, socket or pipe that was left out. */
  onLeftOut?(path: string, kind: string): void;
}

export interface WorkspaceLimits {
  /** All files of one tree together. Default 1 GB. */
  bytes: number;
  /** Files, folders and links of one tree. Default 100,000. */
  entries: number;
  /** Folders inside folders. Default 100. */
  depth: number;
  /** Bytes of one path from the root of the workspace. Default 2,048. */
  pathBytes: number;
}

export const WORKSPACE_LIMITS: WorkspaceLimits = { bytes: 1e9, entries: 100_000, depth: 100, pathBytes: 2_048 };

/** The files of runs, stored by content. */
export interface Workspaces {
  readonly empty: TreeDigest;
  list(tree: TreeDigest): Promise<TreeEntry[]>;
  /** @throws not_found  no such path, or it is a folder or a link */
  read(tree: TreeDigest, path: string): Promise<Uint8Array>;
  /** Makes missing folders. @throws invalid_input  the path leaves the workspace or goes through a file */
  write(tree: TreeDigest, path: string, bytes: Uint8Array, options?: { executable?: boolean }): Promise<TreeDigest>;
  /** A folder goes with all that is in it. @throws not_found */
  remove(tree: TreeDigest, path: string): Promise<TreeDigest>;
  /** Makes the tree's files in an empty directory; `owner` is the uid that a script will run as. */
  checkOut(tree: TreeDigest, directory: string, options?: CacheOptions & { owner?: number }): Promise<void>;
  /**
   * Stores what lies in a directory after everything that could write there has ended.
   * Links are kept as links and never followed; devices, sockets and pipes are left out.
   * @throws workspace_too_large, file_refused
   */
  checkIn(directory: string, options?: CheckInOptions): Promise<TreeDigest>;
  /**
   * Joins what branches made of one base.
   * @throws conflicting_files  two branches changed one path differently
   */
  merge(base: TreeDigest, branches: { name: string; tree: TreeDigest }[]): Promise<TreeDigest>;
  /**
   * A local file or folder as an input: its tree (a file is a tree with one entry).
   * @throws not_found, invalid_input  it is a device, socket or pipe
   * @throws workspace_too_large, file_refused
   */
  addPath(path: string): Promise<{ tree: TreeDigest; name: string; size: number }>;
  /** Everything that must outlive a sweep of blobs because one of these digests is still in use. */
  reach(digests: Iterable<Digest>): Promise<Set<Digest>>;
}

export interface WorkspacesDeps {
  blobs: Blobs;
  clock: Clock;
  /** Where `cache_paths` are kept: a folder of the data folder, on the disk where directories are checked out. */
  cachesFolder?: string;
  limits?: Partial<WorkspaceLimits>;
}

export async function createWorkspaces(deps: WorkspacesDeps): Promise<Workspaces> {
  const { blobs } = deps;
  const limits = { ...WORKSPACE_LIMITS, ...deps.limits };
  const trees = createTrees(blobs);
  const caches = createCaches({ folder: deps.cachesFolder, limits, clock: deps.clock });
  const known = fingerprints();
  const empty = await trees.save([]);
  return {
    empty,
    list: trees.load,
    read: (tree, path) => readFrom({ blobs, trees }, tree, path),
    write: (tree, path, bytes, options) => writeTo({ blobs, trees, limits }, tree, path, bytes, options),
    remove: (tree, path) => removeFrom({ trees }, tree, path),
    checkOut: (tree, directory, options = {}) => checkOut({ blobs, trees, caches, known }, tree, directory, options),
    checkIn: (directory, options = {}) => checkIn({ blobs, trees, caches, known, limits }, directory, options),
    merge: (base, branches) => mergeTrees(trees, base, branches),
    addPath: (path) => addPath({ blobs, trees, limits }, path),
    reach: (digests) => reach(blobs, [empty, ...digests]),
  };
}
