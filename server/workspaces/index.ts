export { createScratch, type Scratch, type ScratchDirectory } from "./scratch.ts";
export {
  type CacheOptions,
  type CheckInOptions,
  createWorkspaces,
  type TreeDigest,
  type TreeEntry,
  WORKSPACE_LIMITS,
  type WorkspaceLimits,
  type Workspaces,
  type WorkspacesDeps,
} from "./workspaces.ts";
