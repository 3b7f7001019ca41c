/**
 * Inputs that the run's own user could not read: copied to a place where it can. The originals are never changed.
 */
import type { Stats } from "node:fs";
import { chmod, cp, mkdtemp, readdir, realpath, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ScriptSpec } from "./sandbox.ts";
import { giveTo } from "./working-directory.ts";

export interface StagedInputs {
  inputs: { name: string; source: string }[];
  remove(): Promise<void>;
}

export async function stageInputs(spec: ScriptSpec, place: string, uid: number | undefined): Promise<StagedInputs> {
  let folder: string | undefined;
  const inputs: { name: string; source: string }[] = [];
  for (const { name, source } of spec.inputs) {
    const path = await realpath(source);
    if (uid === undefined || (await isReadableByAll(path))) inputs.push({ name, source: path });
    else {
      folder ??= await mkdtemp(join(place, "inputs-"));
      await chmod(folder, 0o711);
      const copy = join(folder, String(inputs.length));
      const filter = async (from: string) => isContent(await stat(from).catch(() => undefined));
      await cp(path, copy, { recursive: true, verbatimSymlinks: true, filter });
      await giveTo(copy, uid);
      inputs.push({ name, source: copy });
    }
  }
  return { inputs, remove: async () => void (folder && (await rm(folder, { recursive: true, force: true }))) };
}

async function isReadableByAll(path: string): Promise<boolean> {
  const { mode, isFolder } = await stat(path).then((info) => ({ mode: info.mode, isFolder: info.isDirectory() }));
  if (!isFolder) return (mode & 0o004) !== 0;
  if ((mode & 0o005) !== 0o005) return false;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    if (!(await isReadableByAll(join(path, entry.name)))) return false;
  }
  return true;
}

// A link that leads nowhere is copied as it is; pipes, sockets and devices are not content.
const isContent = (info: Stats | undefined): boolean => !info || info.isFile() || info.isDirectory();
