/** CPU time and memory of processes and of the machine, read from /proc (Linux). */
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

// USER_HZ, the unit of all times in /proc, is 100 on every Linux that Node runs on.
const MS_PER_TICK = 10;

/** CPU milliseconds that a process has used, with the children it has waited for. 0 when it is gone. */
export function cpuMsOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  if (!stat) return 0;
  // The name in brackets may hold spaces; field 14 (utime) is the 12th after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MS_PER_TICK;
}

/** The process and everything below it. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/.test(name) && read(`/proc/${name}/stat`);
    if (!stat) continue;
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree: number[] = [];
  for (let level = [pid]; level.length > 0; level = level.flatMap((each) => children.get(each) ?? []))
    tree.push(...level);
  return tree;
}

/** CPU milliseconds of several process trees together; take the difference of two calls. */
function cpuMsOfTrees(pids: readonly number[]): number {
  return pids.flatMap(treeOf).reduce((sum, pid) => sum + cpuMsOf(pid), 0);
}

/** Resident bytes, or 0 when the process is gone. Pages that processes share count in each. */
export function residentBytesOf(pid: number): number {
  return kilobytes(`/proc/${pid}/status`, "VmRSS");
}

/** Resident bytes in which a shared page counts in parts (PSS): sums over processes are true. */
export function proportionalBytesOf(pid: number): number {
  return kilobytes(`/proc/${pid}/smaps_rollup`, "Pss");
}

/** CPU milliseconds in which the machine did something, and all there were, summed over its cores. */
function machineCpuMs(): { busy: number; total: number } {
  const fields = (read("/proc/stat")?.split("\n")[0] ?? "").split(/\s+/).slice(1, 9).map(Number);
  const total = fields.reduce((sum, ticks) => sum + ticks, 0);
  const idle = (fields[3] ?? 0) + (fields[4] ?? 0);
  return { busy: (total - idle) * MS_PER_TICK, total: total * MS_PER_TICK };
}

/**
 * Does the work and says how busy the machine was with others meanwhile: busy time less that of this process and of
 * the given process trees, in percent of all cores. Above 5 a figure should not be trusted.
 */
export async function measureCpu<T>(
  trees: () => readonly number[],
  work: () => Promise<T>,
): Promise<{ result: T; ownMs: number; othersPct: number; wallMs: number }> {
  const pids = () => [process.pid, ...trees()];
  const before = { machine: machineCpuMs(), own: cpuMsOfTrees(pids()), at: performance.now() };
  const result = await work();
  const machine = machineCpuMs();
  const ownMs = cpuMsOfTrees(pids()) - before.own;
  const total = machine.total - before.machine.total;
  const others = machine.busy - before.machine.busy - ownMs;
  return {
    result,
    ownMs,
    othersPct: total > 0 ? Math.max(0, (others / total) * 100) : 0,
    wallMs: performance.now() - before.at,
  };
}

/** Waits until less than 15 % of the machine's cores were busy for a second; gives up quietly after `timeoutMs`. */
export async function untilIdle(timeoutMs = 60_000): Promise<{ idle: boolean; busyPct: number }> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const before = machineCpuMs();
    await sleep(1_000);
    const after = machineCpuMs();
    const busyPct = ((after.busy - before.busy) / Math.max(1, after.total - before.total)) * 100;
    if (busyPct < 15) return { idle: true, busyPct };
    if (performance.now() > deadline) return { idle: false, busyPct };
  }
}

export const cpuCount = (): number => availableParallelism();

function kilobytes(path: string, field: string): number {
  const line = read(path)
    ?.split("\n")
    .find((each) => each.startsWith(`${field}:`));
  return line ? Number(/\d+/.exec(line)?.[0]) * 1024 : 0;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
