import { readFileSync } from "node:fs";
import { RegentError } from "@regent/contract";
import { formatProblems } from "#company";
import { type Config, ConfigError, createLog, DataFolderInUse, readConfig } from "#platform";
import { type App, createApp } from "./app.ts";

const FAILED = 1;
const WRONG = 2;

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const config = configOrExit();
const log = createLog({ level: config.logLevel, secrets: () => config.secrets.values() });
for (const warning of config.warnings) log.warn(warning);

const app = await createApp({ config, log, version, onLost: (error) => exit(FAILED, error.message) }).catch(explain);
process.stdout.write(
  app.http === undefined ? `Regent works on runs (${config.role}).\n` : `Regent is ready: ${app.http.createLink()}\n`,
);

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    if (stopping) process.exit(FAILED);
    stopping = true;
    process.stderr.write("Regent stops: what is at work finishes or goes on at the next start.\n");
    void stop(app);
  });

async function stop(running: App): Promise<void> {
  await running.close();
  process.exit(0);
}

function configOrExit(): Config {
  try {
    return readConfig(process.argv.slice(2));
  } catch (error) {
    if (error instanceof ConfigError) return exit(WRONG, error.message);
    throw error;
  }
}

/** What keeps Regent from starting, in words; a stack only for what nobody foresaw. */
function explain(error: unknown): never {
  if (error instanceof RegentError && error.code === "company_has_errors")
    return exit(
      WRONG,
      `${formatProblems(error.detail.problems as never, config.companyFolder, readText)}\n${error.message}`,
    );
  if (error instanceof DataFolderInUse || error instanceof RegentError) return exit(FAILED, error.message);
  if ((error as NodeJS.ErrnoException).code === "EADDRINUSE")
    return exit(FAILED, `Port ${config.port} is taken. Another Regent? Choose one with --port or PORT.`);
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== undefined && path?.startsWith(config.dataFolder))
    return exit(
      FAILED,
      `The data folder ${config.dataFolder} cannot be written (${code}). Choose another with --data.`,
    );
  // Our own errors are plain ones with a sentence; every other kind is a surprise, and its stack says where.
  if (error instanceof Error && error.constructor === Error && config.logLevel !== "debug")
    return exit(FAILED, error.message);
  return exit(FAILED, error instanceof Error ? (error.stack ?? error.message) : String(error));
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function exit(code: number, sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(code);
}
