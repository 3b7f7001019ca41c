import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isOwnerAlive, listNames, signal } from "./processes.ts";
import type { Uids } from "./uids.ts";

/** A pass over all processes can miss what one of them starts meanwhile. */
const PASSES_MAX = 50;

/** Ends whatever still runs under a user number whose server died, then frees the number. Returns how many processes. */
export function endStaleUsers(uids: Uids): number {
  const stale = uids.takeStale();
  if (stale.length === 0) return 0;
  const users = new Set(stale.map(({ uid }) => uid));
  const ended = new Set<number>();
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    const found = listProcesses(users).filter((pid) => !ended.has(pid));
    for (const pid of found) {
      signal(pid, "SIGKILL");
      ended.add(pid);
    }
    if (found.length === 0) {
      for (const { release } of stale) release();
      return ended.size;
    }
  }
  // What starts faster than it is ended keeps its numbers from being given to anybody.
  return ended.size;
}

/** Folders of servers that died. Another server may be at them, too. */
export function removeStaleFolders(directory: string): void {
  for (const name of listNames(directory).filter((each) => /^\d+-\d+-/.test(each) && !isOwnerAlive(each))) {
    try {
      rmSync(join(directory, name), { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

const listProcesses = (users: Set<number>): number[] =>
  listNames("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => users.has(userOf(name) ?? -1))
    .map(Number);

const userOf = (pid: string): number | undefined => {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return undefined;
  }
};
