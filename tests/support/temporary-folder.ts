import { accessSync, constants, statfsSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A fresh folder that is gone after the test; on request in memory, where the system offers that. */
export async function temporaryFolder(name = "test", where: "disk" | "memory" = "disk"): Promise<string> {
  let folder: string | undefined;
  // What a test ended with SIGKILL may still have children that write for a moment.
  const patiently = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 };
  after(() => (folder ? rm(folder, patiently) : undefined));
  const parent = (where === "memory" && memoryFolder()) || tmpdir();
  folder = await realpath(await mkdtemp(join(parent, `regent-${name}-`)));
  return folder;
}

/** A file system in memory with room for databases, if the system has one. */
export function memoryFolder(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    accessSync("/dev/shm", constants.W_OK);
    return bavail * bsize > 2 ** 31 ? "/dev/shm" : undefined;
  } catch {
    return undefined;
  }
}
