import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import pg from "pg";
import { cpuCount } from "./processes.ts";

/** What a figure depends on and a reader needs to know. */
export interface MachineFacts {
  cpus: number;
  cpu: string;
  memory_gib: number;
  node: string;
  commit: string;
  postgres?: string;
  fsync?: string;
  full_page_writes?: string;
  synchronous_commit?: string;
}

export function machineFacts(): MachineFacts {
  return {
    cpus: cpuCount(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memory_gib: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    commit: commit(),
  };
}

/** The facts of the database that a benchmark measured on; it adds them with `reportDatabase`. */
async function databaseFacts(connection: string | pg.ClientConfig): Promise<Partial<MachineFacts>> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const show = async (setting: string) => String(Object.values((await client.query(`show ${setting}`)).rows[0])[0]);
    return {
      postgres: await show("server_version"),
      fsync: await show("fsync"),
      full_page_writes: await show("full_page_writes"),
      synchronous_commit: await show("synchronous_commit"),
    };
  } finally {
    await client.end();
  }
}

let reported: Partial<MachineFacts> = {};
/** Called by a benchmark that uses a database, so that `npm run bench` prints its version and settings. */
export const reportDatabase = async (connection: string | pg.ClientConfig): Promise<void> => {
  reported = await databaseFacts(connection);
};
export const reportedDatabase = (): Partial<MachineFacts> => reported;

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  try {
    return `${git("rev-parse", "--short=12", "HEAD").trim()}${git("status", "--porcelain").trim() ? " with changes" : ""}`;
  } catch {
    return "unknown";
  }
}
