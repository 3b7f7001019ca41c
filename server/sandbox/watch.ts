/**
 * Looks at a running script twenty times a second and says when it takes more than it may: of the disk always, of
 * memory, sockets and inodes where no control group does.
 */
import { statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ControlGroup, OWN_PROCESSES } from "./control-groups.ts";
import { freeOf, measure, namelessBytes } from "./disk-usage.ts";
import { MB, SOCKETS, TMP_FILES } from "./limits.ts";
import { cpuMsOf, readText } from "./processes.ts";
import type { Limits, Outcome } from "./sandbox.ts";
import type { ScriptProcess } from "./script-process.ts";

export interface Usage {
  cpuMs: number;
  memoryPeakMb: number;
}

export interface Watch {
  usage: Usage;
  stop(): void;
  /** One more look at the disk, when nothing of the run is alive any longer. */
  excessAtEnd(): Promise<Outcome | undefined>;
}

const EVERY_MS = 50;
/** Most scripts end before the first look; an early one gives their usage at least a sample. */
const FIRST_MS = 15;
const MEMORY_OVERSHOOT_MB = 16;
const DISK_OVERSHOOT_MB = 16;
/** A walk through the folder is repeated at once only after this much of the disk has gone. */
const DISK_STEP_BYTES = 8 * MB;
const DISK_STEP_FILES = 500;
const DISK_AT_LEAST_EVERY_MS = 10_000;
const MEMORY_LEFT_MIN_MB = 128;
const PAGE_MB = 4096 / MB;

export function watch(
  script: ScriptProcess,
  directory: string,
  limits: Limits,
  group: ControlGroup | undefined,
  stopFor: (outcome: Outcome) => void,
): Watch {
  const usage: Usage = { cpuMs: 0, memoryPeakMb: 0 };
  const lookAtDisk = createDiskWatch(directory, limits, stopFor);

  const look = () => {
    lookAtDisk(script);
    const excess = group ? lookAtGroup(script, group, limits, usage) : lookAtProcesses(script, limits, usage);
    if (excess) stopFor(excess);
  };
  let timer = setTimeout(function again() {
    look();
    timer = setTimeout(again, EVERY_MS);
  }, FIRST_MS);
  const atStart = freeOf(directory);
  return {
    usage,
    stop: () => clearTimeout(timer),
    async excessAtEnd() {
      const free = freeOf(directory);
      if (!free || !atStart) return undefined;
      const grew = atStart.bytes - free.bytes > DISK_STEP_BYTES || atStart.files - free.files > DISK_STEP_FILES;
      return grew ? diskExcess(directory, limits, []) : undefined;
    },
  };
}

function lookAtGroup(script: ScriptProcess, group: ControlGroup, limits: Limits, usage: Usage): Outcome | undefined {
  const now = group.usage();
  Object.assign(usage, { cpuMs: now.cpuMs, memoryPeakMb: now.memoryPeakMb });
  if (now.outOfMemory) return "oom";
  if (now.cpuMs > limits.cpuSeconds * 1000) return "timeout";
  return filesInScratch(script) > TMP_FILES ? "inode-limit" : undefined;
}

function lookAtProcesses(script: ScriptProcess, limits: Limits, usage: Usage): Outcome | undefined {
  const pids = script.list();
  if (pids.length === 0) return undefined;
  // The limit of the kernel does not bind the sandbox's first process, and a script may talk that one into things.
  if (pids.length > limits.pids + OWN_PROCESSES) return "pids";
  const memoryMb = memoryOf(pids, limits.memoryMb);
  usage.cpuMs = Math.max(usage.cpuMs, cpuMsOf(pids));
  usage.memoryPeakMb = Math.max(usage.memoryPeakMb, Math.round(memoryMb * 10) / 10);
  if (memoryMb > limits.memoryMb + MEMORY_OVERSHOOT_MB || isMachineOutOfMemory()) return "oom";
  if (usage.cpuMs > limits.cpuSeconds * 1000) return "timeout";
  if (socketsOf(pids[0]!) > SOCKETS) return "socket-limit";
  return filesInScratch(script) > TMP_FILES ? "inode-limit" : undefined;
}

/** Resident memory counts shared pages once per process; only when that is too much is the exact, slow sum asked for. */
function memoryOf(pids: number[], limitMb: number): number {
  const resident = sum(pids, (pid) => Number(readText(`/proc/${pid}/statm`)?.split(" ")[1] ?? 0) * PAGE_MB);
  if (resident <= limitMb) return resident;
  return (
    sum(pids, (pid) => Number(/^Pss:\s+(\d+)/m.exec(readText(`/proc/${pid}/smaps_rollup`) ?? "")?.[1] ?? 0)) / 1024
  );
}

const sum = (pids: number[], of: (pid: number) => number): number => pids.reduce((total, pid) => total + of(pid), 0);

const isMachineOutOfMemory = (): boolean =>
  Number(/^MemAvailable:\s+(\d+)/m.exec(readText("/proc/meminfo") ?? "")?.[1] ?? Infinity) / 1024 < MEMORY_LEFT_MIN_MB;

const socketsOf = (first: number): number =>
  Number(/^sockets: used (\d+)/m.exec(readText(`/proc/${first}/net/sockstat`) ?? "")?.[1] ?? 0);

/** The fullest of the tmpfs. Until the walls stand, the root is still the host's, whose files are not the script's. */
function filesInScratch(script: ScriptProcess): number {
  if (script.first === undefined) return 0;
  const root = `/proc/${script.first}/root`;
  try {
    if (statSync(root).dev === statSync("/").dev) return 0;
    return Math.max(...["tmp", "home", "dev/shm"].map((place) => filesIn(statfsSync(join(root, place)))));
  } catch {
    return 0; // it has just ended
  }
}

const filesIn = ({ files, ffree }: { files: number; ffree: number }): number => files - ffree;

/**
 * The folder lies on the server's own disk, so nothing limits it as a whole. Whenever the disk's free space has shrunk,
 * and every ten seconds, the folder is measured; walks take at most a fifth of the time.
 */
function createDiskWatch(directory: string, limits: Limits, stopFor: (outcome: Outcome) => void) {
  const atStart = freeOf(directory);
  let measuredAt = atStart;
  let notBefore = 0;
  let dueAt = performance.now() + DISK_AT_LEAST_EVERY_MS;

  return (script: ScriptProcess): void => {
    const free = freeOf(directory);
    if (!free || !atStart || !measuredAt) return;
    if (free.nearlyFull && !atStart.nearlyFull) stopFor(free.bytes < atStart.bytes ? "disk-limit" : "inode-limit");
    measuredAt = {
      ...measuredAt,
      bytes: Math.max(measuredAt.bytes, free.bytes),
      files: Math.max(measuredAt.files, free.files),
    };
    const grew = measuredAt.bytes - free.bytes > DISK_STEP_BYTES || measuredAt.files - free.files > DISK_STEP_FILES;
    const started = performance.now();
    if (started < notBefore || (!grew && started < dueAt)) return;
    measuredAt = free;
    notBefore = Infinity;
    void diskExcess(directory, limits, script.list()).then((excess) => {
      notBefore = performance.now() + 4 * (performance.now() - started);
      dueAt = performance.now() + DISK_AT_LEAST_EVERY_MS;
      if (excess) stopFor(excess);
    });
  };
}

/** Whether the folder holds more than it may. */
async function diskExcess(directory: string, limits: Limits, pids: number[]): Promise<Outcome | undefined> {
  const allowed = { bytes: (limits.workspaceMb + DISK_OVERSHOOT_MB) * MB, files: limits.workspaceFiles };
  const use = await measure(directory, allowed);
  if (use.bytes + namelessBytes(pids, directory) > allowed.bytes) return "disk-limit";
  return use.files > allowed.files || use.tooDeep ? "inode-limit" : undefined;
}
