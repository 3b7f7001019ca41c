import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import type { Problem } from "./company.ts";

export interface FoundFile {
  /** Relative to the company's folder, with `/`. */
  file: string;
  bytes: Uint8Array;
}

const FILE_BYTES_MAX = 1_000_000;
const ALL_BYTES_MAX = 100_000_000;
const FILES_MAX = 20_000;
const DEPTH_MAX = 20;

/**
 * Every `*.yaml` file of a folder, in the order of their names. Hidden folders and `node_modules` are left out;
 * a link that leads out of the folder, a file that cannot be read or is too large is a problem.
 *
 * Files are read one after another and without the thread pool: a thousand small files take 60 ms so, 400 ms with
 * a promise each. The caller pauses between files, so a server goes on answering.
 */
export function* findFiles(folder: string, problems: Problem[]): Generator<FoundFile> {
  const search = new Search(problems);
  let root: string;
  try {
    root = realpathSync(folder);
    if (!statSync(root).isDirectory()) throw new Error("it is no folder");
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
    const what = isAbsent ? "There is no such folder." : `The company's folder cannot be read (${reasonOf(error)}).`;
    search.report(folder, what, "name the company's folder, or make one: npx regent init DIR");
    return;
  }
  yield* search.walk(root, root, "", 0);
}

class Search {
  private files = 0;
  private bytes = 0;
  private readonly problems: Problem[];

  constructor(problems: Problem[]) {
    this.problems = problems;
  }

  report(
    file: string,
    message: string,
    suggestion: string | null = null,
    severity: Problem["severity"] = "error",
  ): void {
    this.problems.push({ file, line: 1, column: 1, pointer: "", message, suggestion, severity });
  }

  *walk(root: string, folder: string, shown: string, depth: number): Generator<FoundFile> {
    if (depth > DEPTH_MAX) {
      this.report(shown, `Folders are nested more than ${DEPTH_MAX} levels deep here.`);
      return;
    }
    let entries: Dirent[];
    try {
      entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      this.report(shown || ".", `The folder cannot be read (${reasonOf(error)}).`);
      return;
    }
    for (const entry of entries) {
      const { name } = entry;
      if (name.startsWith(".") || name === "node_modules") continue;
      const path = join(folder, name);
      const file = shown === "" ? name : `${shown}/${name}`;
      if (entry.isDirectory()) yield* this.walk(root, path, file, depth + 1);
      else if (name.endsWith(".yml")) {
        this.report(file, "The file is not read: names must end in .yaml.", `${name.slice(0, -4)}.yaml`, "warning");
      } else {
        const found = this.read(root, path, file, entry);
        if (found !== undefined) yield found;
      }
    }
  }

  private read(root: string, path: string, file: string, entry: Dirent): FoundFile | undefined {
    const isYaml = entry.name.endsWith(".yaml");
    try {
      if (entry.isSymbolicLink() && !this.staysInside(root, path, file, isYaml)) return undefined;
      if (!isYaml) return undefined;
      const found = statSync(path);
      if (!found.isFile()) return this.refuse(file, "This is no file.");
      if (found.size > FILE_BYTES_MAX) {
        return this.refuse(
          file,
          `The file has ${found.size} bytes; at most ${FILE_BYTES_MAX} are read.`,
          "split it into several files",
        );
      }
      this.files += 1;
      this.bytes += found.size;
      if (this.files === FILES_MAX + 1) this.report(file, `The company has more than ${FILES_MAX} files.`);
      if (this.bytes > ALL_BYTES_MAX)
        this.report(file, `The company's files are larger than ${ALL_BYTES_MAX} bytes together.`);
      if (this.files > FILES_MAX || this.bytes > ALL_BYTES_MAX) return undefined;
      return { file, bytes: readFileSync(path) };
    } catch (error) {
      return isYaml ? this.refuse(file, `The file cannot be read (${reasonOf(error)}).`) : undefined;
    }
  }

  private refuse(file: string, message: string, suggestion: string | null = null): undefined {
    this.report(file, message, suggestion);
    return undefined;
  }

  /** A link inside the folder is followed to a file, never to a folder: that could lead around in circles. */
  private staysInside(root: string, path: string, file: string, isYaml: boolean): boolean {
    const target = realpathSync(path);
    const isFolder = statSync(target).isDirectory();
    if (target === root || target.startsWith(root + sep)) return !isFolder;
    if (isYaml || isFolder)
      this.report(file, "The link leads out of the company's folder.", "copy what it leads to into the folder");
    return false;
  }
}

const reasonOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message;
