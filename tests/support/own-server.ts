import { rm } from "node:fs/promises";
import { after } from "node:test";
import pg from "pg";
import { type Postgres, type StartPostgres, silentLog, startPostgres } from "#platform";
import { temporaryFolder } from "./temporary-folder.ts";

export interface OwnServer extends Postgres {
  /** Ends the postmaster (`SIGKILL`: as a crash; `SIGQUIT`: at once) and resolves when a new one answers. */
  crash(signal?: "SIGKILL" | "SIGQUIT" | "SIGINT"): Promise<void>;
}

/** A PostgreSQL of the test's own, that it may kill: on the same address after each crash. Not migrated. */
export async function ownServer(options: Partial<StartPostgres> = {}): Promise<OwnServer> {
  let postgres: Postgres | undefined;
  after(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const folder = options.folder ?? (await temporaryFolder("server", "memory"));
  const server = await startPostgres({ folder, log: silentLog, ...options });
  postgres = server;
  return {
    ...server,
    async crash(signal = "SIGKILL") {
      const before = server.pids()[0] as number;
      process.kill(before, signal);
      while (server.pids()[0] === before || !(await answers(server.url))) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
