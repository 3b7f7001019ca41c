import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isOwnerAlive, signal } from "./processes.ts";
import type { Uids } from "./uids.ts";

/** Ends whatever still runs under a user number whose server died, then frees the number. Returns how many processes. */
export function endStaleUsers(uids: Uids): number {
  const stale = new Set(uids.listStale());
  if (stale.size === 0) return 0;
  let ended = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const owner = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
    if (owner === undefined || !stale.has(owner)) continue;
    signal(Number(pid), "SIGKILL");
    ended += 1;
  }
  for (const uid of stale) uids.forget(uid);
  return ended;
}

/** Folders of servers that died. */
export function removeStaleFolders(directory: string): void {
  for (const name of readdirSync(directory).filter((each) => /^\d+-\d+-/.test(each) && !isOwnerAlive(each))) {
    rmSync(join(directory, name), { recursive: true, force: true });
  }
}
