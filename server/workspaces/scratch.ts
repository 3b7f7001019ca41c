import { readFileSync } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** Directories where scripts run, each for one run of one script. */
export interface Scratch {
  open(): Promise<ScratchDirectory>;
  /** Removes what servers that no longer live have left. Returns how many directories. */
  sweep(): Promise<number>;
}

export interface ScratchDirectory extends AsyncDisposable {
  path: string;
}

/** `root` lies on the disk of the data folder. Several servers may share it. */
export function createScratch(root: string): Scratch {
  const mine = join(root, processName(process.pid));
  return {
    async open() {
      await mkdir(mine, { recursive: true, mode: 0o711 });
      const path = await mkdtemp(join(mine, "s-"));
      return { path, [Symbol.asyncDispose]: () => removeTree(path) };
    },
    async sweep() {
      let removed = 0;
      for (const name of await readdir(root).catch(() => [])) {
        if (isAlive(name)) continue;
        removed += (await readdir(join(root, name)).catch(() => [])).length;
        await removeTree(join(root, name));
      }
      return removed;
    },
  };
}

/**
 * A process id alone returns after a restart of the machine or a wrap of the counter; with the moment of its start it
 * is unique. Where `/proc` is missing the id has to do.
 */
function processName(pid: number): string {
  try {
    // Field 22 of stat(5); the name in field 2 may hold spaces and brackets.
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const startedAt = text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
    return `p${pid}-${startedAt}-${bootId()}`;
  } catch {
    return `p${pid}`;
  }
}

const bootId = () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);

function isAlive(name: string): boolean {
  const pid = Number(/^p(\d+)/.exec(name)?.[1]);
  if (!pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return processName(pid) === name;
}

/**
 * Also what `rm` cannot remove: folders whose rights a script took away, and folders nested until no path reaches
 * them (`while mkdir d; do cd d; done`).
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await flatten(path);
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

// Linux takes paths of 4,096 bytes; what lies deeper than this is moved up first.
const REACH = 2_000;

async function flatten(root: string): Promise<void> {
  let moved = 0;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const stats = await lstat(folder).catch(() => undefined);
    if (!stats?.isDirectory()) continue;
    await chmod(folder, 0o700).catch(() => {});
    for (const name of await readdir(folder, { encoding: "buffer" }).catch(() => [])) {
      let path: Buffer | string = Buffer.concat([Buffer.from(`${folder}/`), name]);
      if (path.length > root.length + REACH) {
        const here = `${root}/.moved-${moved++}`;
        path = await rename(path, here).then(
          () => here,
          () => path,
        );
      }
      folders.push(path.toString());
    }
  }
}
