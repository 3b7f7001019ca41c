import { createHash } from "node:crypto";
import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  cp,
  lchown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#platform";
import { each } from "./each.ts";
import { isCachePath, parentOf } from "./path.ts";
import { removeTree } from "./scratch.ts";
import { walk } from "./walk.ts";
import type { CacheOptions, TreeEntry, WorkspaceLimits } from "./workspaces.ts";

/**
 * Folders that a script can make again from a lock file (`node_modules`), kept outside the tree. One slot for each
 * company, daemon and content of the lock files in one folder; the first run that fills a slot wins and it never
 * changes after, so runs at the same time need no lock: each gets a copy. What a daemon leaves here, only runs of the
 * same daemon with the same lock files find.
 */
export interface Caches {
  restore(directory: string, entries: TreeEntry[], options: CacheOptions & { owner?: number }): Promise<void>;
  /** Takes the folders out of a directory that is about to be thrown away. */
  keep(directory: string, entries: TreeEntry[], caches: string[], options: CacheOptions): Promise<void>;
}

const LOCK_FILES = new Set([
  "package-lock.json",
  "npm-shrinkwrap.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "bun.lock",
  "bun.lockb",
  "deno.lock",
  "requirements.txt",
  "poetry.lock",
  "uv.lock",
  "Pipfile.lock",
  "go.sum",
  "Cargo.lock",
  "Gemfile.lock",
  "composer.lock",
]);
/** All caches together. The ones unused for longest go first. */
const TOTAL_BYTES = 5e9;
const AT_A_TIME = 8;

export function createCaches(deps: { folder?: string; limits: WorkspaceLimits; clock: Clock }): Caches {
  return {
    async restore(directory, entries, options) {
      if (!deps.folder || !options.cacheScope || !options.cachePaths?.length) return;
      const taken = new Set(entries.map((entry) => entry.path));
      for (const lock of locksOf(entries)) {
        const slot = join(deps.folder, slotName(options.cacheScope, lock.digest));
        for (const name of await readdir(slot).catch(() => [])) {
          // Another worker may evict the slot meanwhile; a cache that is not there is no error.
          const at = await readFile(join(slot, name, "path"), "utf8").catch(() => undefined);
          if (at === undefined) continue;
          const path = lock.folder === "" ? at : `${lock.folder}/${at}`;
          const parent = parentOf(path);
          if (taken.has(path) || (parent !== "" && !taken.has(parent)) || !isCachePath(path, options.cachePaths))
            continue;
          const target = join(directory, path);
          await copyFolder(join(slot, name, "content"), target, deps.limits, options.owner).catch(() =>
            removeTree(target),
          );
          const now = new Date(deps.clock.now());
          await utimes(slot, now, now).catch(() => {});
        }
      }
    },
    async keep(directory, entries, caches, options) {
      if (!deps.folder || !options.cacheScope || caches.length === 0) return;
      const locks = locksOf(entries).sort((a, b) => b.folder.length - a.folder.length);
      for (const path of caches) {
        const lock = locks.find((each) => each.folder === "" || path.startsWith(`${each.folder}/`));
        if (!lock) continue;
        const at = lock.folder === "" ? path : path.slice(lock.folder.length + 1);
        await fill(deps.folder, slotName(options.cacheScope, lock.digest), at, join(directory, path), deps.limits);
      }
      await evict(deps.folder);
    },
  };
}

/** Folders with lock files, and one digest over those files. */
function locksOf(entries: TreeEntry[]): { folder: string; digest: string }[] {
  const locks = new Map<string, string>();
  for (const entry of entries) {
    const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
    if (entry.kind !== "file" || !LOCK_FILES.has(name)) continue;
    const folder = parentOf(entry.path);
    locks.set(folder, `${locks.get(folder) ?? ""}${name} ${entry.digest}\n`);
  }
  return [...locks].map(([folder, text]) => ({ folder, digest: text.split("\n").sort().join("\n") }));
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const slotName = (scope: string, lock: string) => hash(`${scope}\0${lock}`);

async function fill(folder: string, slot: string, at: string, source: string, limits: WorkspaceLimits): Promise<void> {
  const place = join(folder, slot, hash(at));
  if (await stat(place).catch(() => undefined)) return;
  // A cache that breaks the limits of a workspace is simply not kept.
  const content = await walk(source, limits, {}).catch(() => undefined);
  if (!content) return;
  await mkdir(join(folder, slot), { recursive: true, mode: 0o700 });
  const made = await mkdtemp(join(folder, "new-"));
  try {
    const bytes = content.entries.reduce((sum, entry) => sum + entry.size, 0);
    await writeFile(join(made, "path"), at);
    await writeFile(join(made, "bytes"), String(bytes));
    await rename(source, join(made, "content")).catch((error) => {
      if (error.code !== "EXDEV") throw error;
      return cp(source, join(made, "content"), { recursive: true, verbatimSymlinks: true });
    });
    await rename(made, place);
  } catch {
    // Somebody else filled it first, or the slot was evicted in between.
    await removeTree(made);
  }
}

async function copyFolder(source: string, target: string, limits: WorkspaceLimits, owner?: number): Promise<void> {
  const { entries } = await walk(source, limits, {});
  const give = async (path: string) => {
    if (owner !== undefined && process.getuid?.() === 0) await lchown(path, owner, owner);
  };
  await mkdir(target, { mode: 0o755 });
  const folders = entries.filter((entry) => entry.kind === "folder").sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const entry of folders) await mkdir(join(target, entry.path), { mode: 0o755 });
  await each(entries, AT_A_TIME, async (entry) => {
    const path = join(target, entry.path);
    if (entry.kind === "link") await symlink(await readlink(join(source, entry.path)), path);
    if (entry.kind === "file") {
      await copyFile(join(source, entry.path), path, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      await chmod(path, entry.executable ? 0o755 : 0o644);
    }
    await give(path);
  });
  await give(target);
}

async function evict(folder: string): Promise<void> {
  const slots: { path: string; usedAt: number; bytes: number }[] = [];
  for (const slot of await readdir(folder)) {
    if (slot.startsWith("new-")) continue;
    const path = join(folder, slot);
    let bytes = 0;
    for (const name of await readdir(path).catch(() => []))
      bytes += Number(await readFile(join(path, name, "bytes"), "utf8").catch(() => 0));
    slots.push({ path, bytes, usedAt: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 });
  }
  let total = slots.reduce((sum, slot) => sum + slot.bytes, 0);
  for (const slot of slots.sort((a, b) => a.usedAt - b.usedAt)) {
    if (total <= TOTAL_BYTES) return;
    const gone = await mkdtemp(join(folder, "new-"));
    await rename(slot.path, join(gone, "slot")).catch(() => {});
    await rm(gone, { recursive: true, force: true });
    total -= slot.bytes;
  }
}
