import { type FSWatcher, watch } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export interface WatchOptions {
  /** Changes that follow each other within this time are one change. */
  debounceMs: number;
  /** How often the folder is looked at in case the system told nothing (network disks, exhausted watches). */
  pollMs: number;
  onChange(): void;
}

/** Tells that something in a folder has changed. Returns what ends it. */
export function watchFolder(folder: string, { debounceMs, pollMs, onChange }: WatchOptions): () => void {
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  let seen: string | undefined;
  const soon = (): void => {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(onChange, debounceMs).unref();
  };
  const watcher = startWatcher(folder, soon);
  const look = async (): Promise<void> => {
    const now = await signatureOf(folder).catch(() => "");
    if (seen !== undefined && seen !== now) soon();
    seen = now;
  };
  void look();
  const poll = setInterval(() => void look(), pollMs).unref();
  return () => {
    ended = true;
    clearTimeout(timer);
    clearInterval(poll);
    watcher?.close();
  };
}

function startWatcher(folder: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { recursive: true, persistent: false }, onEvent);
    // The poll goes on where the system's watch does not.
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

/** Names, sizes and times of change of every YAML file. */
async function signatureOf(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).filter(
    (name) => /\.ya?ml$/.test(name) && !name.includes("node_modules"),
  );
  const lines: string[] = [];
  for (const name of names.sort().slice(0, 20_000)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    lines.push(`${name}:${found?.mtimeMs}:${found?.size}`);
  }
  return lines.join("\n");
}
