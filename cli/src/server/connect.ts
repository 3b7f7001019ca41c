import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../command.ts";
import { startServer } from "./start-server.ts";

/** A server that answers, and the right to ask it. */
export interface Connection {
  url: string;
  token: string;
  /** True: it runs only for this command. */
  started: boolean;
  /** Ends it if it was started here. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  environment: Record<string, string | undefined>;
  dataFolder: string;
  companyFolder: string;
  /** What a server must do that is started here. */
  role: "all" | "api";
  note(text: string): void;
}

/** REGENT_URL and REGENT_TOKEN; else the server that works on the data folder; else one of our own. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { REGENT_URL: url, REGENT_TOKEN: token } = options.environment;
  if (url && !URL.canParse(url))
    throw new UsageError(`REGENT_URL is "${url}". Expected: an address such as http://127.0.0.1:4700.`);
  if (url) return { url, token: token || (await readToken(options.dataFolder)), started: false, close };
  const running = await findServer(options.dataFolder);
  if (running) return { ...running, token: token || (await readToken(options.dataFolder)), started: false, close };

  const started = await startServer(options);
  return { url: started.url, token: await readToken(options.dataFolder), started: true, close: started.stop };
}

const close = async () => {};

/** The server that wrote `server.json`, if its process lives and answers. */
async function findServer(dataFolder: string): Promise<{ url: string; pid: number } | undefined> {
  const file = await readServerFile(dataFolder);
  if (!file || !isAlive(file.pid)) return undefined;
  // It may be busy starting: give it a few moments before another one is started beside it.
  for (let attempt = 0; attempt < 20; attempt++) {
    const response = await fetch(`${file.url}/healthz`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (response?.ok) return file;
    if (!isAlive(file.pid)) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}

export async function readServerFile(dataFolder: string): Promise<{ url: string; pid: number } | undefined> {
  try {
    const { url, pid } = JSON.parse(await readFile(join(dataFolder, "server.json"), "utf8"));
    return typeof url === "string" && Number.isInteger(pid) ? { url, pid } : undefined;
  } catch {
    return undefined;
  }
}

async function readToken(dataFolder: string): Promise<string> {
  const path = join(dataFolder, "token");
  return (
    await readFile(path, "utf8").catch(() => {
      throw new Error(`No token: set REGENT_TOKEN, or name the data folder with --data (there is no ${path}).`);
    })
  ).trim();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
