import { lstat, readdir, readFile, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Problem } from "./company.ts";

export interface FoundFile {
  /** Relative to the company's folder, with `/`. */
  file: string;
  bytes: Uint8Array;
}

const FILE_BYTES_MAX = 1_000_000;
const FILES_MAX = 20_000;
const DEPTH_MAX = 20;

/**
 * Every `*.yaml` file of a folder, in the order of their names. Hidden folders and `node_modules` are left out;
 * a link that leads out of the folder, a file that cannot be read or is too large is a problem.
 */
export async function findFiles(folder: string): Promise<{ files: FoundFile[]; problems: Problem[] }> {
  const files: FoundFile[] = [];
  const problems: Problem[] = [];
  const report = (
    file: string,
    message: string,
    suggestion: string | null = null,
    severity: Problem["severity"] = "error",
  ) => problems.push({ file, line: 1, column: 1, pointer: "", message, suggestion, severity });

  let root: string;
  try {
    root = await realpath(folder);
    if (!(await stat(root)).isDirectory()) throw new Error("is no folder");
  } catch (error) {
    report(folder, `The folder cannot be read (${reasonOf(error)}).`, "name the company's folder");
    return { files, problems };
  }

  const walk = async (current: string, depth: number): Promise<void> => {
    const shown = relative(root, current).split(sep).join("/") || ".";
    if (depth > DEPTH_MAX) {
      report(shown, `Folders are nested more than ${DEPTH_MAX} levels deep here.`);
      return;
    }
    let entries: string[];
    try {
      entries = (await readdir(current)).sort();
    } catch (error) {
      report(shown, `The folder cannot be read (${reasonOf(error)}).`);
      return;
    }
    for (const name of entries) {
      if (name.startsWith(".") || name === "node_modules") continue;
      if (files.length >= FILES_MAX) {
        report(shown, `The company has more than ${FILES_MAX} files.`);
        return;
      }
      await visit(join(current, name), name, depth);
    }
  };

  const visit = async (path: string, name: string, depth: number): Promise<void> => {
    const shown = relative(root, path).split(sep).join("/");
    const isYaml = name.endsWith(".yaml");
    try {
      if ((await lstat(path)).isSymbolicLink()) {
        const target = await realpath(path);
        if (target !== root && !target.startsWith(root + sep)) {
          if (isYaml || (await stat(target)).isDirectory())
            report(shown, "The link leads out of the company's folder.", "copy the file into the folder");
          return;
        }
        if ((await stat(target)).isDirectory()) return;
      }
      const found = await stat(path);
      if (found.isDirectory()) return await walk(path, depth + 1);
      if (name.endsWith(".yml"))
        report(shown, "The file is not read: names must end in .yaml.", `${name.slice(0, -4)}.yaml`, "warning");
      if (!isYaml) return;
      if (!found.isFile()) return void report(shown, "This is no file.");
      if (found.size > FILE_BYTES_MAX) {
        return void report(
          shown,
          `The file has ${found.size} bytes; at most ${FILE_BYTES_MAX} are read.`,
          "split it into several files",
        );
      }
      files.push({ file: shown, bytes: await readFile(path) });
    } catch (error) {
      if (isYaml || (error as NodeJS.ErrnoException).code !== "ENOENT")
        report(shown, `The file cannot be read (${reasonOf(error)}).`);
    }
  };

  await walk(root, 0);
  return { files, problems };
}

const reasonOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message;
