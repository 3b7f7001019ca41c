import { constants } from "node:fs";
import { lstat, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { fail, type Json } from "@regent/contract";

/** The last line of stdout if it is JSON, else all of stdout (without the line end that `echo` adds). */
export function toOutput(stdout: string): Json {
  const text = stdout.replace(/\r?\n$/, "");
  const last = text.slice(text.lastIndexOf("\n") + 1).trim();
  if (last === "") return text;
  try {
    return JSON.parse(last) as Json;
  } catch {
    return text;
  }
}

/** `output.json` in the working directory wins over stdout. */
const NAME = "output.json";
const BYTES = 16_000_000;

/** What `output.json` was before the script, so that one which belongs to the workspace is not taken for a result. */
export async function stampOf(directory: string): Promise<string | undefined> {
  const stats = await lstat(join(directory, NAME), { bigint: true }).catch(() => undefined);
  return stats && `${stats.ino} ${stats.size} ${stats.mtimeNs}`;
}

/**
 * Undefined when the script wrote none. A new one is taken out of the directory, because the next script of this
 * workspace would otherwise return it again.
 * @throws script_output_invalid
 */
export async function takeOutputFile(directory: string, before: string | undefined): Promise<Json | undefined> {
  const after = await stampOf(directory);
  if (after === undefined || after === before) return undefined;
  const path = join(directory, NAME);
  // Written by a script that nobody trusts: no link is followed, no pipe waited for, no gigabyte read.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error) => {
    throw fail("script_output_invalid", { reason: `it cannot be read (${error.code})` });
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw fail("script_output_invalid", { reason: "it is not a file" });
    if (stats.size > BYTES) throw fail("script_output_invalid", { reason: `it is larger than ${BYTES} bytes` });
    const text = (await file.readFile()).toString("utf8");
    if (before === undefined) await unlink(path);
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError)
      throw fail("script_output_invalid", { reason: `it is not JSON: ${error.message}` });
    throw error;
  } finally {
    await file.close();
  }
}
