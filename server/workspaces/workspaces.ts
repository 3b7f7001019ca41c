import type { Digest } from "#platform";

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

/** The files of runs, stored by content. */
export interface Workspaces {
  readonly empty: TreeDigest;
  list(tree: TreeDigest): Promise<TreeEntry[]>;
  read(tree: TreeDigest, path: string): Promise<Uint8Array>;
  write(tree: TreeDigest, path: string, bytes: Uint8Array): Promise<TreeDigest>;
  remove(tree: TreeDigest, path: string): Promise<TreeDigest>;
  /** Makes the tree's files in an empty directory; `owner` is the uid that a script will run as. */
  checkOut(tree: TreeDigest, directory: string, options?: { owner?: number; cachePaths?: string[] }): Promise<void>;
  /**
   * Stores what lies in a directory after everything that could write there has ended.
   * Links are kept as links and never followed; devices, sockets and pipes are left out.
   * @throws workspace_too_large
   */
  checkIn(directory: string, options?: { cachePaths?: string[] }): Promise<TreeDigest>;
  /**
   * Joins what branches made of one base.
   * @throws conflicting_files  two branches changed one path differently
   */
  merge(base: TreeDigest, branches: { name: string; tree: TreeDigest }[]): Promise<TreeDigest>;
  /** A local file or folder as an input: its tree (a file is a tree with one entry). */
  addPath(path: string): Promise<{ tree: TreeDigest; name: string; size: number }>;
}
