import { readdirSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { asErrno } from "./errno.ts";

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (asErrno(error).code !== "EPERM") return false;
  }
  // Where process 1 does not collect orphans (a container), a dead server stays as a zombie that takes signals.
  return statOf(pid)?.[0] !== "Z";
}

/** Whether the process works in this folder, as a postmaster does in its data folder. Undefined: the system does not tell. */
export async function worksIn(pid: number, folder: string): Promise<boolean | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    // Device and inode, because the server may see the folder under another name (a bind mount).
    const [its, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(folder)]);
    return its.dev === ours.dev && its.ino === ours.ino;
  } catch (error) {
    return asErrno(error).code === "EACCES" ? undefined : false;
  }
}

/** The process and its children: what a server's CPU time is counted over. Linux; elsewhere the process alone. */
export function withChildren(pid: number): number[] {
  if (process.platform !== "linux") return [pid];
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid);
  return [pid, ...children.map(Number)];
}

const parentOf = (pid: string): number => Number(statOf(pid)?.[1]);

/** State, parent and so on; undefined when the process is gone or the system has no /proc. */
function statOf(pid: number | string): string[] | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold anything: what follows the last bracket counts.
    return line.slice(line.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

export async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}
