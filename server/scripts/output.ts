import { constants } from "node:fs";
import { lstat, open, rmdir, unlink } from "node:fs/promises";
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

/** Takes away the empty mount points that `inputs/…` left, so that they do not become files of the workspace. */
export async function removeMountPoints(directory: string, names: string[]): Promise<void> {
  const inputs = join(directory, "inputs");
  // The script may have put a link there: only a real folder is touched, and only what is empty goes.
  if (!(await lstat(inputs).catch(() => undefined))?.isDirectory()) return;
  for (const name of names) {
    const path = join(inputs, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isDirectory()) await rmdir(path).catch(() => {});
    else if (stats?.isFile() && stats.size === 0) await unlink(path);
  }
  if (names.length > 0) await rmdir(inputs).catch(() => {});
}
