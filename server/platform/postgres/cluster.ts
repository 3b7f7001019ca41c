import { randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Account, canReach } from "./account.ts";
import { unlessExists, unlessMissing } from "./errno.ts";

/** The files of an embedded server below the data folder. */
export interface Cluster {
  /** The folder that Regent writes to; the server's own lies in it. */
  parent: string;
  /** PGDATA. */
  folder: string;
  log: string;
  /** Of the owner `regent`, made once. */
  password: string;
  /** Holds the socket: short, because a socket's path ends at 107 bytes; nobody else may enter. */
  runtime: string;
}

export const OWNER = "regent";
export const PORT = 5432;

/**
 * Finds or makes the files around the server, not the server's own.
 * @param runtime  keep to this one: pools know its path
 */
export async function openCluster(
  dataFolder: string,
  account: Account | undefined,
  runtime?: string,
): Promise<Cluster> {
  // Root lets the account pass, and nobody read; what is secret in the folder has mode 0600 besides.
  await mkdir(dataFolder, { recursive: true, mode: account ? 0o711 : 0o700 });
  return {
    parent: dataFolder,
    folder: join(dataFolder, "postgres"),
    log: join(dataFolder, "postgres.log"),
    password: await openPassword(join(dataFolder, "postgres-password")),
    runtime: runtime ?? (await openRuntime(dataFolder, account)),
  };
}

/** The major version that made the data folder; undefined before the first start. */
export async function dataMajor(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, "PG_VERSION"), "utf8").catch(unlessMissing);
  return text ? Number.parseInt(text, 10) : undefined;
}

/** The connection string of the owner. It says what the environment (PGSSLMODE) could otherwise decide. */
export const clusterUrl = (cluster: Cluster, database: string): string =>
  `postgresql://${OWNER}:${cluster.password}@localhost:${PORT}/${database}?host=${encodeURIComponent(cluster.runtime)}&sslmode=disable`;

/** Removes what initialisations left behind that were killed. */
export async function removeUnfinished(cluster: Cluster): Promise<void> {
  for (const name of await readdir(cluster.parent)) {
    if (!name.startsWith("postgres.init-")) continue;
    const path = join(cluster.parent, name);
    const ageMs = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (ageMs > 60_000) await rm(path, { recursive: true, force: true });
  }
}

/** After the server has stopped. */
export async function removeRuntime(cluster: Cluster): Promise<void> {
  await rm(cluster.runtime, { recursive: true, force: true });
  await rm(join(cluster.parent, "postgres-runtime"), { force: true });
}

async function openPassword(path: string): Promise<string> {
  const known = await readFile(path, "utf8").catch(unlessMissing);
  if (known) return known.trim();
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag: "wx", flush: true });
  return claim(draft, path);
}

/** Two first starts at once: one file gets the name, both read that one. */
async function claim(draft: string, path: string): Promise<string> {
  await link(draft, path).catch(unlessExists);
  await rm(draft);
  return (await readFile(path, "utf8")).trim();
}

/**
 * The same folder at each start while it is ours; a new one when the system's cleaning took it, somebody else has it,
 * or the record came here in a copy of another data folder, whose server may be using it.
 */
async function openRuntime(dataFolder: string, account: Account | undefined): Promise<string> {
  const record = join(dataFolder, "postgres-runtime");
  const owner = account?.uid ?? process.getuid?.();
  const { dev, ino } = await stat(dataFolder);
  const known = await readFile(record, "utf8").catch(unlessMissing);
  const [path, of] = known?.split("\n") ?? [];
  if (path && of === `${dev}:${ino}`) {
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory() && (owner === undefined || found.uid === owner) && (found.mode & 0o077) === 0) return path;
  }
  const isGood = tmpdir().length <= 60 && (!account || (await canReach(account, tmpdir())));
  const base = isGood ? tmpdir() : "/tmp";
  const folder = await mkdtemp(join(base, "regent-"));
  await chmod(folder, 0o700);
  if (account) await chown(folder, account.uid, account.gid);
  const draft = `${record}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, `${folder}\n${dev}:${ino}\n`, { mode: 0o600 });
  if (known) await rm(record, { force: true });
  const [claimed = folder] = (await claim(draft, record)).split("\n");
  if (claimed !== folder) await rmdir(folder);
  return claimed;
}
