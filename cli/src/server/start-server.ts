import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { EXIT, UsageError } from "../command.ts";
import { type ConnectOptions, readServerFile } from "./connect.ts";

const SERVER = fileURLToPath(new URL("../../../server/main.ts", import.meta.url));
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;

/** Starts the server's own entry on a free port for the time of one command. */
export async function startServer(options: ConnectOptions): Promise<{ url: string; stop(): Promise<void> }> {
  options.note("No server runs on this data folder: starting one for this command.");
  const child = spawn(
    process.execPath,
    [
      ...[SERVER, "--port", "0"],
      // Processes that share the work need a database that they share; alone, the server does all of it.
      ...(options.environment.DATABASE_URL ? ["--role", options.role] : []),
      ...["--data", options.dataFolder, "--company", options.companyFolder],
    ],
    // A group of its own: Ctrl-C in the terminal is for the command, which then decides about the server.
    { stdio: ["ignore", "ignore", "pipe"], detached: true, env: options.environment as NodeJS.ProcessEnv },
  );
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-8_000);
  });
  const exited = new Promise<number | null>((resolve) => {
    child.on("error", () => resolve(null));
    child.on("exit", resolve);
  });

  const stop = async () => {
    child.kill("SIGTERM");
    const cut = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
    await exited;
    clearTimeout(cut);
  };
  const deadline = performance.now() + START_MS_MAX;
  while (performance.now() < deadline) {
    const code = await Promise.race([exited, new Promise<"running">((resolve) => setTimeout(resolve, 40, "running"))]);
    if (code !== "running") {
      const message = `The server did not start.\n${toReason(said)}`;
      throw code === EXIT.wrongUsage ? new UsageError(message) : new Error(message);
    }
    const file = await readServerFile(options.dataFolder);
    if (file && file.pid === child.pid) return { url: file.url, stop };
  }
  await stop();
  throw new Error(`The server was not ready after ${START_MS_MAX / 1_000} s.\n${toReason(said)}`);
}

/** Log lines are JSON; people want their sentences. */
const toReason = (said: string): string =>
  said
    .trim()
    .split("\n")
    .slice(-20)
    .map((line) => {
      try {
        return String(JSON.parse(line).msg ?? line);
      } catch {
        return line;
      }
    })
    .join("\n");
