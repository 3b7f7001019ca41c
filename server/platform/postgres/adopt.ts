import { randomBytes } from "node:crypto";
import { chown, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { isLostConnection } from "../lost-connection.ts";
import type { Account } from "./account.ts";
import { type Cluster, clusterUrl, PORT } from "./cluster.ts";
import { unlessMissing } from "./errno.ts";
import { isAlive, waitForEnd, worksIn } from "./processes.ts";

export interface RunningServer {
  pid: number;
  /** Of the database `postgres`. */
  url: string;
  /** Where its socket lies. */
  runtime: string;
}

/**
 * Finds the living server of this data folder: after `kill -9` of Node it goes on alone. What is in the way without
 * being that server (a file naming a process that is something else by now, a server whose socket was cleaned away)
 * is cleared, so that a start can follow.
 */
export async function adoptServer(cluster: Cluster, account: Account | undefined): Promise<RunningServer | undefined> {
  const pidFile = join(cluster.folder, "postmaster.pid");
  const found = parsePidFile(await readFile(pidFile, "utf8").catch(unlessMissing));
  if (!found) return undefined;
  const isOurs = isAlive(found.pid) ? await worksIn(found.pid, cluster.folder) : false;
  if (isOurs === false) {
    await clearLeftovers(cluster, pidFile);
    return undefined;
  }
  const runtime = found.socketFolder ?? cluster.runtime;
  const url = clusterUrl({ ...cluster, runtime }, "postgres");
  for (const deadline = performance.now() + 10_000; performance.now() < deadline && isAlive(found.pid); ) {
    const answer = await ask(url, cluster, account);
    if (answer === "ours") return { pid: found.pid, url, runtime };
    if (answer === "another") return undefined;
    if (answer === "no socket") {
      // It may be starting; a server that has been up for a while without a socket cannot be reached any more.
      if (found.isReady && isOurs) {
        process.kill(found.pid, "SIGINT");
        await waitForEnd(found.pid, 10_000);
        return undefined;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return undefined;
}

interface PidFile {
  pid: number;
  socketFolder: string | undefined;
  isReady: boolean;
}

/** Lines: pid, data folder, start time, port, socket folder, address, memory key, state. */
function parsePidFile(text: string | undefined): PidFile | undefined {
  const lines = (text ?? "").split("\n");
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return { pid, socketFolder: lines[4] || undefined, isReady: lines[7]?.trim() === "ready" };
}

type Answer = "ours" | "another" | "no socket" | "not yet";

/** Whether the server at this socket has our data folder: it must read back what we write there now. */
async function ask(url: string, cluster: Cluster, account: Account | undefined): Promise<Answer> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  const name = `regent-${randomBytes(6).toString("hex")}`;
  const path = join(cluster.folder, name);
  try {
    await client.connect();
    const nonce = randomBytes(16).toString("hex");
    await writeFile(path, nonce, { mode: 0o600 });
    if (account) await chown(path, account.uid, account.gid);
    const { rows } = await client.query<{ nonce: string | null }>("select pg_read_file($1, true) as nonce", [name]);
    return rows[0]?.nonce === nonce ? "ours" : "another";
  } catch (error) {
    if (["ENOENT", "ECONNREFUSED"].includes((error as { code?: string }).code ?? "")) return "no socket";
    if (isLostConnection(error)) return "not yet";
    if ((error as { code?: string }).code === "28P01") return "another";
    throw error;
  } finally {
    await rm(path, { force: true });
    await client.end().catch(() => {});
  }
}

/**
 * PostgreSQL clears files of dead processes itself, but believes in any living process of its account. The socket
 * stays: to be refused at once is better than to find none.
 */
async function clearLeftovers(cluster: Cluster, pidFile: string): Promise<void> {
  await rm(pidFile, { force: true });
  await rm(join(cluster.runtime, `.s.PGSQL.${PORT}.lock`), { force: true });
}
