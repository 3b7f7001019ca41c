/**
 * One set-up at a time in one checkout, also when the holder was killed. The holder keeps touching its file: a file
 * that nobody touches, or whose process is gone, is abandoned. Taking over is a rename, which one of several wins.
 */
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

export async function withLock(path, work, { staleMs = 30_000, waitMs = 1_200_000, onWait = () => {} } = {}) {
  const mine = `${process.pid} ${hostname()}`;
  await take(path, mine, { staleMs, waitMs, onWait });
  const heartbeat = setInterval(() => touch(path), staleMs / 6);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (textOf(path) === mine) rmSync(path, { force: true });
  }
}

async function take(path, mine, { staleMs, waitMs, onWait }) {
  const deadline = Date.now() + waitMs;
  for (let told = false; ; told = true) {
    if (create(path, mine)) return;
    const holder = textOf(path);
    if (holder !== undefined && isAbandoned(path, holder, staleMs)) remove(path, holder);
    else {
      if (Date.now() > deadline)
        throw new Error(`Another set-up holds ${path} (process ${holder}). End it and try again.`);
      if (!told) onWait(holder?.split(" ")[0] ?? "?");
      await sleep(100);
    }
  }
}

function create(path, mine) {
  try {
    writeFileSync(path, mine, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function isAbandoned(path, holder, staleMs) {
  const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (touched === undefined) return false;
  const [pid, host] = holder.split(" ");
  return Date.now() - touched > staleMs || (host === hostname() && !isAlive(Number(pid)));
}

function isAlive(pid) {
  // A file without a number yet: its writer is between creating and writing, and the age decides.
  if (!Number.isInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Removes the holder's file; if somebody else took over in between, gives them theirs back. */
function remove(path, holder) {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (textOf(aside) !== holder) linkSync(aside, path);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  }
  rmSync(aside, { force: true });
}

function textOf(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function touch(path) {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Somebody removed the file by hand; the work goes on.
  }
}
