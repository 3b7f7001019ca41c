import type { Limits } from "./sandbox.ts";

/** What a script gets when its stage says nothing. Sized for a test suite of a small product, not for a build farm. */
export const DEFAULT_LIMITS: Limits = {
  wallMs: 600_000,
  cpuSeconds: 600,
  memoryMb: 1024,
  pids: 256,
  outputBytes: 1024 * 1024,
  tmpMb: 256,
  workspaceMb: 1024,
  workspaceFiles: 100_000,
};

export const MB = 1024 * 1024;

/** Open files of one process. */
export const OPEN_FILES = 1024;
/** Sockets of one run where no control group counts their buffers. 256 full pairs hold about 110 MB of the kernel. */
export const SOCKETS = 256;
/** Files in each of /tmp, /home and /dev/shm. */
export const TMP_FILES = 20_000;
/** V8 reserves 512 MB of address space for code, which RLIMIT_DATA counts. Below 600 MB Node 24 aborts at start. */
export const RUNTIME_RESERVE_MB = 640;

export const withDefaults = (limits: Partial<Limits> | undefined, defaults: Limits): Limits => ({
  ...defaults,
  ...Object.fromEntries(Object.entries(limits ?? {}).filter(([, value]) => value !== undefined)),
});
