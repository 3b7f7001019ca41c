/**
 * Control groups of the kernel, version 1 (one folder per controller) or 2 (one folder), where this server may make
 * some. They count what nothing else can: memory of the kernel for sockets, memory files, processes of all kinds.
 * Named after the server that made them, so that the next one can clear up after a crash.
 */
import { existsSync, mkdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MB } from "./limits.ts";
import { isOwnerAlive, listNames, ownName, readText, signal } from "./processes.ts";
import type { Limits } from "./sandbox.ts";

export interface GroupUsage {
  cpuMs: number;
  memoryPeakMb: number;
  outOfMemory: boolean;
  outOfPids: boolean;
}

export interface ControlGroup {
  /** Files that a process writes `0` to, to become a member. */
  joins: string[];
  kill(): void;
  freeze(frozen: boolean): void;
  usage(): GroupUsage;
  remove(): Promise<void>;
}

export interface ControlGroups {
  readonly version: 1 | 2;
  create(name: string, limits: Limits): ControlGroup;
  /** Ends and removes what dead servers left. Returns how many runs. */
  reap(): Promise<number>;
  close(): Promise<void>;
}

/** The part of a script's processor time beside the server's, 1024 being an even share. */
const CPU_SHARES = 256;
/** bubblewrap's two processes and the shell before the script. */
export const OWN_PROCESSES = 4;
const V1_CONTROLLERS = ["memory", "pids", "cpu", "cpuacct", "freezer"] as const;

/** Undefined where none can be made; runs are then watched instead. */
export function findControlGroups(): ControlGroups | undefined {
  const owner = `${ownName()}-${++count}`;
  for (const [version, find] of [
    [1, findV1],
    [2, findV2],
  ] as const) {
    // biome-ignore format: a table
    const folders = find();
    if (!folders) continue;
    try {
      return createGroups(version, folders, owner);
    } catch {
      // Read-only, or not ours to write.
    }
  }
  return undefined;
}

/** Sandboxes of this process; each has a place of its own. */
let count = 0;

/** Every controller's folder that will hold ours: `memory` → /sys/fs/cgroup/memory/…. Version 2 has one, `all`. */
type Folders = Record<string, string>;

function findV1(): Folders | undefined {
  const mounts = mountsOf("cgroup");
  const own = new Map(
    (readText("/proc/self/cgroup") ?? "").trim().split("\n").flatMap((line) => {
      const [, controllers = "", path = "/"] = line.split(":");
      return controllers.split(",").map((controller): [string, string] => [controller, path]);
    }),
  ); // biome-ignore format: one expression
  const folders: Folders = {};
  for (const controller of V1_CONTROLLERS) {
    const mount = mounts.find(({ options }) => options.includes(controller))?.path;
    if (!mount) return undefined;
    const path = join(mount, own.get(controller) ?? "/");
    folders[controller] = existsSync(join(path, "tasks")) ? path : mount;
  }
  return folders;
}

function findV2(): Folders | undefined {
  const mount = mountsOf("cgroup2")[0]?.path;
  if (!mount || !/\bmemory\b/.test(readText(join(mount, "cgroup.controllers")) ?? "")) return undefined;
  try {
    writeFileSync(join(mount, "cgroup.subtree_control"), "+memory +pids +cpu");
  } catch {
    // Given already, or this group holds processes itself; making ours will tell.
  }
  return { all: mount };
}

const mountsOf = (type: string): { path: string; options: string[] }[] =>
  (readText("/proc/self/mounts") ?? "").split("\n").flatMap((line) => {
    const [, path = "", kind, options = ""] = line.split(" ");
    return kind === type ? [{ path, options: options.split(",") }] : [];
  });

function createGroups(version: 1 | 2, folders: Folders, owner: string): ControlGroups {
  const homes = Object.fromEntries(Object.entries(folders).map(([name, path]) => [name, join(path, "regent", owner)]));
  for (const home of Object.values(homes)) mkdirSync(home, { recursive: true });
  if (version === 2) {
    for (const path of [join(folders.all!, "regent"), homes.all!]) {
      writeFileSync(join(path, "cgroup.subtree_control"), "+memory +pids +cpu");
    }
  }
  const groups: ControlGroups = {
    version,
    create: (name, limits) => (version === 1 ? createV1 : createV2)(atName(homes, name), limits),
    async reap() {
      let ended = 0;
      for (const folder of new Set(Object.values(folders))) {
        for (const other of listFolders(join(folder, "regent")).filter((name) => !isOwnerAlive(name))) {
          const home = join(folder, "regent", other);
          for (const name of listFolders(home)) {
            killMembers(join(home, name));
            if (await removeFolder(join(home, name))) ended += 1;
          }
          await removeFolder(home);
        }
      }
      return version === 1 ? Math.ceil(ended / V1_CONTROLLERS.length) : ended;
    },
    async close() {
      for (const home of Object.values(homes)) await removeFolder(home);
    },
  };
  const trial = groups.create("self-test", { memoryMb: 64, pids: 8 } as Limits);
  void trial.remove();
  return groups;
}

const atName = (homes: Folders, name: string): Folders =>
  Object.fromEntries(Object.entries(homes).map(([controller, home]) => [controller, join(home, name)]));

function createV1(paths: Folders, limits: Limits): ControlGroup {
  const { memory = "", pids = "", cpu = "", cpuacct = "", freezer = "" } = paths;
  for (const path of new Set(Object.values(paths))) mkdirSync(path);
  const bytes = String(limits.memoryMb * MB);
  writeFileSync(join(memory, "memory.limit_in_bytes"), bytes);
  writeOptional(join(memory, "memory.memsw.limit_in_bytes"), bytes);
  writeOptional(join(memory, "memory.swappiness"), "0");
  writeFileSync(join(pids, "pids.max"), String(limits.pids + OWN_PROCESSES));
  writeOptional(join(cpu, "cpu.shares"), String(CPU_SHARES));
  return {
    joins: [...new Set(Object.values(paths))].map((path) => join(path, "cgroup.procs")),
    kill() {
      killMembers(pids);
      writeOptional(join(freezer, "freezer.state"), "THAWED"); // the frozen do not even die
    },
    freeze: (frozen) => writeOptional(join(freezer, "freezer.state"), frozen ? "FROZEN" : "THAWED"),
    usage: () => ({
      cpuMs: Math.round(readNumber(join(cpuacct, "cpuacct.usage")) / 1e6),
      memoryPeakMb: toMb(readNumber(join(memory, "memory.max_usage_in_bytes"))),
      outOfMemory: readField(join(memory, "memory.oom_control"), "oom_kill") > 0,
      outOfPids: readField(join(pids, "pids.events"), "max") > 0,
    }),
    remove: () => removeAll(Object.values(paths)),
  };
}

function createV2({ all = "" }: Folders, limits: Limits): ControlGroup {
  mkdirSync(all);
  writeFileSync(join(all, "memory.max"), String(limits.memoryMb * MB));
  writeOptional(join(all, "memory.swap.max"), "0");
  writeOptional(join(all, "memory.oom.group"), "1");
  writeFileSync(join(all, "pids.max"), String(limits.pids + OWN_PROCESSES));
  writeOptional(join(all, "cpu.weight"), String(Math.round((CPU_SHARES * 100) / 1024)));
  return {
    joins: [join(all, "cgroup.procs")],
    kill() {
      if (!writeOptional(join(all, "cgroup.kill"), "1")) killMembers(all);
    },
    freeze: (frozen) => void writeOptional(join(all, "cgroup.freeze"), frozen ? "1" : "0"),
    usage: () => ({
      cpuMs: Math.round(readField(join(all, "cpu.stat"), "usage_usec") / 1e3),
      memoryPeakMb: toMb(readNumber(join(all, "memory.peak"))),
      outOfMemory: readField(join(all, "memory.events"), "oom_kill") > 0,
      outOfPids: readField(join(all, "pids.events"), "max") > 0,
    }),
    remove: () => removeAll([all]),
  };
}

async function removeAll(paths: string[]): Promise<void> {
  for (const path of new Set(paths)) await removeFolder(path);
}

/** A group can be removed only when its last process is gone, which takes the kernel a moment. */
async function removeFolder(path: string): Promise<boolean> {
  for (let tries = 0; tries < 60; tries += 1) {
    try {
      rmdirSync(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      killMembers(path);
      await delay(tries < 10 ? 2 : 20);
    }
  }
  return false;
}

const killMembers = (path: string): void => {
  for (const pid of (readText(join(path, "cgroup.procs")) ?? "").split("\n")) {
    if (pid) signal(Number(pid), "SIGKILL");
  }
};

const listFolders = (path: string): string[] =>
  listNames(path).filter((name) => statSync(join(path, name), { throwIfNoEntry: false })?.isDirectory());

const writeOptional = (path: string, text: string): boolean => {
  try {
    writeFileSync(path, text);
    return true;
  } catch {
    return false;
  }
};

const readNumber = (path: string): number => Number(readText(path) ?? 0);
const readField = (path: string, name: string): number =>
  Number(new RegExp(`^${name} (\\d+)$`, "m").exec(readText(path) ?? "")?.[1] ?? 0);
const toMb = (bytes: number): number => Math.round((bytes / MB) * 10) / 10;
