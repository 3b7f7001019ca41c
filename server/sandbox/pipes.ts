/**
 * Pipes with names, for what scripts print. Node's own pipes are sockets, and a socket cannot be opened again: a script
 * that writes to /dev/stderr would fail. Each pipe belongs to one run's user, serves one stream, and loses its name
 * before the script starts.
 */
import { execFile } from "node:child_process";
import { closeSync, constants, fchownSync, mkdtempSync, openSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Pipe {
  reader: Socket;
  /** To be given to the child and then closed here: the reader ends when the last writer is gone. */
  writeFd: number;
  closeWriter(): void;
}

export interface Pipes {
  take(uid: number | undefined): Promise<Pipe>;
}

const BATCH = 32;

export function createPipes(directory: string): Pipes {
  const ready: string[] = [];
  let count = 0;
  let making: Promise<void> | undefined;
  const folder = mkdtempSync(join(directory, "pipes-"));

  /** One program makes many: starting it costs as much as starting a script. */
  async function make(): Promise<void> {
    const names = Array.from({ length: BATCH }, () => join(folder, String(++count)));
    await promisify(execFile)("mkfifo", ["-m", "600", "--", ...names], { env: {} });
    ready.push(...names);
  }

  function refill(): Promise<void> {
    making ??= make().finally(() => {
      making = undefined;
    });
    return making;
  }

  return {
    async take(uid) {
      while (ready.length === 0) await refill();
      const path = ready.pop()!;
      if (ready.length < BATCH / 4) void refill();
      const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const writeFd = openSync(path, constants.O_WRONLY);
      unlinkSync(path);
      if (uid !== undefined) fchownSync(writeFd, uid, uid);
      return {
        reader: new Socket({ fd: readFd, readable: true, writable: false }),
        writeFd,
        closeWriter: () => closeSync(writeFd),
      };
    },
  };
}
