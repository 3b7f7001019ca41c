export type { TreeDigest, TreeEntry, Workspaces } from "./workspaces.ts";
