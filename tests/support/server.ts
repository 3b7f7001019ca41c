import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { openSync } from "node:fs";
import { lstat, mkdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { memoryFolder } from "./temporary-folder.ts";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Of this checkout and this user; outside the checkout, so that no test finds it among the files. In memory where the
 * system offers it: cloning a database makes 300 files, 15 ms there and 210 ms on the disk of a small virtual machine.
 */
const SERVER_FOLDER = join(
  memoryFolder() ?? tmpdir(),
  `regent-tests-${process.getuid?.() ?? 0}-${createHash("sha256").update(CHECKOUT).digest("hex").slice(0, 10)}`,
);

export interface TestServer {
  /** Of the database `postgres`, as the owner. */
  url: string;
  /** Of the process that keeps it. */
  keeper: number;
}

/**
 * The PostgreSQL that all test processes of this checkout share: found running, or started. It stops by itself when
 * nobody has been connected for a while.
 */
export async function testServer(): Promise<TestServer> {
  const deadline = Date.now() + 60_000;
  for (let attempt = 0; ; attempt++) {
    const server = await findTestServer();
    if (server) return server;
    if (Date.now() > deadline) {
      throw new Error(`The tests' PostgreSQL does not start; see ${join(SERVER_FOLDER, "keeper.log")}`);
    }
    if (attempt % 200 === 0) await startKeeper();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function findTestServer(): Promise<TestServer | undefined> {
  const text = await readFile(join(SERVER_FOLDER, "server.json"), "utf8").catch(() => undefined);
  if (!text) return undefined;
  const server: TestServer = JSON.parse(text);
  // A server whose keeper was killed would never stop: a new keeper takes it over.
  if (!isAlive(server.keeper)) return undefined;
  const client = new pg.Client({ connectionString: server.url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return server;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}

async function startKeeper(): Promise<void> {
  await mkdir(SERVER_FOLDER, { mode: 0o711 }).catch(unlessExists);
  const found = await lstat(SERVER_FOLDER);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`${SERVER_FOLDER} is somebody else's.`);
  const log = openSync(join(SERVER_FOLDER, "keeper.log"), "a");
  const keeper = fileURLToPath(new URL("keep-server.ts", import.meta.url));
  spawn(process.execPath, [keeper, SERVER_FOLDER], { detached: true, stdio: ["ignore", log, log], cwd: "/" }).unref();
}

function unlessExists(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
