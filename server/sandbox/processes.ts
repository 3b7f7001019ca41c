/** What the kernel says about processes. Everything here may be gone a moment later; absent is a normal answer. */
import { readdirSync, readFileSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since the machine's start. */
  startedAt: string;
}

export const identify = (pid: number): ProcessIdentity | undefined => {
  const fields = statusFieldsOf(pid);
  return fields ? { pid, startedAt: fields[19] ?? "" } : undefined;
};

/** False also for a zombie: it runs nothing any more. The first process of a sandbox is one only after all its children. */
export const isRunning = ({ pid, startedAt }: ProcessIdentity): boolean => {
  const fields = statusFieldsOf(pid);
  return fields !== undefined && fields[19] === startedAt && fields[0] !== "Z" && fields[0] !== "X";
};

/** How things that outlive a crash name the server that made them: its number and its start. */
export const ownName = (): string => toName(identify(process.pid) ?? { pid: process.pid, startedAt: "" });

/** Whether the server that a name stands for is still there. */
export const isOwnerAlive = (name: string): boolean => {
  const [pid, startedAt = ""] = name.split("-");
  return isRunning({ pid: Number(pid), startedAt });
};

const toName = ({ pid, startedAt }: ProcessIdentity): string => `${pid}-${startedAt}`;

/** The process and all its descendants. A child of the sandbox's first process cannot leave this tree. */
export function listTree(root: number): number[] {
  const found = [root];
  for (let index = 0; index < found.length; index += 1) found.push(...childrenOf(found[index]!));
  return found;
}

export function cpuMsOf(pids: number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statusFieldsOf(pid);
    for (const field of [11, 12, 13, 14]) ticks += Number(fields?.[field] ?? 0);
  }
  return ticks * 10; // USER_HZ is 100 on every Linux that Node runs on
}

export const signal = (pid: number, name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void => {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone, which is what SIGKILL wanted and the others need not care about.
  }
};

export const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

const childrenOf = (pid: number): number[] =>
  listNames(`/proc/${pid}/task`).flatMap((task) =>
    (readText(`/proc/${pid}/task/${task}/children`) ?? "").split(" ").filter(Boolean).map(Number),
  );

export const listNames = (path: string): string[] => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

/** Fields of /proc/PID/stat from the state on; the name before them may hold spaces and brackets. */
const statusFieldsOf = (pid: number): string[] | undefined => {
  const text = readText(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(")") + 2).split(" ");
};
