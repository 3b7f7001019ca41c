import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Where the CLI finds the server that works on a data folder. */
export interface ServerFile {
  url: string;
  pid: number;
}

/** Written aside and renamed: a reader sees a whole file or none. */
export async function writeServerFile(dataFolder: string, file: ServerFile): Promise<void> {
  const path = join(dataFolder, "server.json");
  await writeFile(`${path}.${file.pid}`, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  await rename(`${path}.${file.pid}`, path);
}

/** Only if it is ours: another server may have written its own by now. */
export async function removeServerFile(dataFolder: string): Promise<void> {
  const path = join(dataFolder, "server.json");
  const text = await readFile(path, "utf8").catch(() => "{}");
  if ((JSON.parse(text) as Partial<ServerFile>).pid === process.pid) await rm(path, { force: true });
}
