import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of all files below a folder; 0 when there is none. */
export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  try {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) bytes += await folderBytes(path);
      else if (entry.isFile())
        bytes += await stat(path).then(
          (file) => file.size,
          () => 0,
        );
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return bytes;
}
