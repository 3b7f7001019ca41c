import type { ChildProcess } from "node:child_process";
import { chmod, chown, mkdtemp, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import pg from "pg";
import type { Log } from "../log.ts";
import { isLostConnection } from "../lost-connection.ts";
import { type Account, findAccount } from "./account.ts";
import { adoptServer, type RunningServer } from "./adopt.ts";
import { checkServer } from "./check-server.ts";
import {
  type Cluster,
  clusterUrl,
  dataMajor,
  OWNER,
  openCluster,
  PORT,
  removeRuntime,
  removeUnfinished,
} from "./cluster.ts";
import { withDatabase } from "./connection-url.ts";
import { createLauncher, type Launcher } from "./launcher.ts";
import { DataFolderInUse, lockDataFolder } from "./lock-data-folder.ts";
import { isAlive, waitForEnd, withChildren } from "./processes.ts";
import { findPrograms, type Programs } from "./programs.ts";

/** A PostgreSQL that Regent can use: our own in the data folder, or one by URL. */
export interface Postgres {
  kind: "embedded" | "outside";
  /** The owner's connection string: migrations, the engine. Holds the password. */
  url: string;
  /** Process ids of our own server now, the postmaster first; of an outside server none. For counting CPU time. */
  pids(): number[];
  /** Stops our own server (fast: open transactions are rolled back) and gives the data folder free. */
  stop(): Promise<void>;
}

export interface StartPostgres {
  /** Regent's data folder. */
  folder: string;
  log: Log;
  /** The PATH, to look for an installed PostgreSQL. */
  searchPath?: string | undefined;
  /** Only these programs; absent: npm's, else installed ones. */
  only?: Programs["from"] | undefined;
  /** Flags of the server beyond ours, for tests. */
  flags?: Record<string, string | number>;
  /** How often a start is tried, 250 ms apart. Default 20. */
  attempts?: number;
  /** Called when another Regent took the data folder while our server was down: this process must end. */
  onLost?(error: Error): void;
}

const DATABASE = "regent";

const FLAGS = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  max_connections: 100,
  shared_buffers: "128MB",
  wal_level: "minimal",
  max_wal_senders: 0,
  max_wal_size: "1GB",
  password_encryption: "scram-sha-256",
};

/**
 * Starts, or adopts, the real PostgreSQL in the data folder, and takes the folder for this process. A server that dies
 * is started again on the same socket for as long as this process lives; connections made meanwhile fail.
 *
 * @throws DataFolderInUse  another Regent has the folder; the sentence says who, and since when
 * @throws Error  nothing runs here (says what was tried), or the server does not start (with the end of its log)
 */
export async function startPostgres(options: StartPostgres): Promise<Postgres> {
  const { log } = options;
  let stopping = false;
  let reviving: Promise<void> | undefined;
  let { server, cluster } = await boot(options);
  let lock = await lockDataFolder(server.url, onLockEnd);
  const url = withDatabase(server.url, DATABASE);
  await createDatabaseOnce(server.url).catch(async (error) => {
    await stop();
    throw error;
  });

  function onLockEnd(): void {
    if (stopping) return;
    log.warn("the database went away; starting it again");
    reviving = revive();
  }

  /** Until it is back or this process stops. The same runtime folder: pools know its path. */
  async function revive(): Promise<void> {
    for (let waitMs = 100; !stopping; waitMs = Math.min(waitMs * 2, 5_000)) {
      try {
        ({ server, cluster } = await boot({ ...options, runtime: cluster.runtime }));
        lock = await lockDataFolder(server.url, onLockEnd);
        log.info("the database is back");
        return;
      } catch (error) {
        if (error instanceof DataFolderInUse) return options.onLost?.(error);
        log.error({ reason: String(error) }, "the database does not start; trying again");
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  return {
    kind: "embedded",
    url,
    pids: () => (isAlive(server.pid) ? withChildren(server.pid) : []),
    stop,
  };

  async function stop(): Promise<void> {
    stopping = true;
    await reviving;
    await lock.end().catch(() => {});
    await stopServer(server.pid);
    await removeRuntime(cluster);
  }
}

interface Booted {
  server: RunningServer;
  cluster: Cluster;
}

/** Adopts the server, or makes it. Two processes may do this at once: one server comes of it, both find it. */
async function boot(options: StartPostgres & { runtime?: string }): Promise<Booted> {
  const account = await findAccount();
  let failure = "";
  let cluster: Cluster | undefined;
  for (let attempt = 0; attempt < (options.attempts ?? 20); attempt++) {
    cluster = await openCluster(options.folder, account, options.runtime);
    const adopted = await adoptServer(cluster, account);
    if (adopted) return { server: adopted, cluster: { ...cluster, runtime: adopted.runtime } };
    const major = await dataMajor(cluster.folder);
    const programs = await findPrograms({ dataMajor: major, searchPath: options.searchPath, only: options.only });
    const launcher = await createLauncher({ programs, account, runtime: cluster.runtime, parent: cluster.parent });
    if (!major) await initialise(cluster, launcher, account, programs.major);
    const started = await launch(cluster, launcher, options.flags ?? {});
    if (typeof started !== "string") return { server: started, cluster };
    failure = started;
    // Processes of a killed server still hold its memory for some milliseconds; or another Regent was faster.
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  if (cluster && !options.runtime) await removeRuntime(cluster);
  throw new Error(`PostgreSQL does not start in ${options.folder}. The end of its log:\n${failure}`);
}

/** The first start: made aside and renamed, so that a data folder is whole or not there. */
async function initialise(
  cluster: Cluster,
  launcher: Launcher,
  account: Account | undefined,
  major: number,
): Promise<void> {
  await removeUnfinished(cluster);
  const draft = await mkdtemp(join(cluster.parent, "postgres.init-"));
  // initdb reads the password from a file; in the runtime folder, where the account may read it.
  const passwordFile = join(cluster.runtime, basename(draft));
  await writeFile(passwordFile, cluster.password, { mode: 0o600 });
  if (account) for (const path of [draft, passwordFile]) await chown(path, account.uid, account.gid);
  // One sync of the file system instead of a thousand of files: 4 s less of 11 on a busy machine with a slow disk.
  const sync = major >= 17 && process.platform === "linux" ? ["--sync-method=syncfs"] : [];
  try {
    const child = launcher.launch(
      "initdb",
      draft,
      // biome-ignore format: one argument list
      (folder) => ["-D", folder, "-U", OWNER, "--auth=scram-sha-256", `--pwfile=${passwordFile}`, "--encoding=UTF8",
        "--locale=C", "--data-checksums", "--no-instructions", ...sync],
      ["ignore", "ignore", "pipe"],
    );
    const { code, errors } = await ended(child);
    if (code !== 0) throw new Error(`PostgreSQL could not make its data folder: ${errors.trim()}`);
    await rename(draft, cluster.folder).catch((error) => {
      if (!["ENOTEMPTY", "EEXIST"].includes(error.code)) throw error; // another first start was faster
    });
  } finally {
    await rm(passwordFile, { force: true });
    await rm(draft, { recursive: true, force: true });
  }
}

/** The running server, or the end of its log. */
async function launch(
  cluster: Cluster,
  launcher: Launcher,
  flags: Record<string, string | number>,
): Promise<RunningServer | string> {
  const logFile = await openLog(cluster.log);
  const from = (await logFile.stat()).size;
  const all = { ...FLAGS, unix_socket_directories: cluster.runtime, ...flags };
  const child = launcher.launch(
    "postgres",
    cluster.folder,
    (folder) => [
      "-D",
      folder,
      "-p",
      String(PORT),
      ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    ["ignore", logFile.fd, logFile.fd],
  );
  await logFile.close();
  child.unref(); // It may outlive us: the next start adopts it.
  let exited: string | undefined;
  child.once("error", (error) => (exited = error.message));
  child.once("exit", (code, signal) => (exited = `exit ${code ?? signal}`));
  const url = clusterUrl(cluster, "postgres");
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; ) {
    if (exited) return `${(await readFile(cluster.log)).subarray(from).toString("utf8").slice(-2_000)}(${exited})`;
    if (await answers(url)) return { pid: child.pid as number, url, runtime: cluster.runtime };
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  child.kill("SIGQUIT");
  return "It did not answer within 60 s.";
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.end();
    return true;
  } catch (error) {
    if (!isLostConnection(error)) throw error;
    return false;
  }
}

const LOG_BYTES_MAX = 10_000_000;

/** A file rather than a pipe: a server that outlives us must be able to go on writing. */
async function openLog(path: string) {
  if (((await stat(path).catch(() => undefined))?.size ?? 0) > LOG_BYTES_MAX) await rename(path, `${path}.1`);
  const file = await open(path, "a", 0o600);
  await chmod(path, 0o600);
  return file;
}

async function createDatabaseOnce(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    await checkServer(client);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** SIGINT is PostgreSQL's fast stop; SIGQUIT leaves recovery to the next start, which is safe as well. */
async function stopServer(pid: number): Promise<void> {
  for (const [signal, waitMs] of [
    ["SIGINT", 15_000],
    ["SIGQUIT", 5_000],
  ] as const) {
    if (!isAlive(pid)) return;
    process.kill(pid, signal);
    if (await waitForEnd(pid, waitMs)) return;
  }
}

function ended(child: ChildProcess): Promise<{ code: number; errors: string }> {
  return new Promise((done, failed) => {
    let errors = "";
    child.stderr?.on("data", (chunk) => (errors += chunk));
    child.once("error", failed);
    child.once("close", (code, signal) => done({ code: code ?? 128, errors: errors || `stopped by ${signal}` }));
  });
}
