import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after } from "node:test";
import { temporaryFolder } from "./temporary-folder.ts";

const ROOT = resolve(import.meta.dirname, "../..");

export interface Answer {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The one JSON document on stdout, of commands that were asked for it. */
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on the fields it names
  json(): any;
}

/** Regent as a person has it: the server's process, the database's, and the command line, on a data folder of its own. */
export interface WholeRegent {
  data: string;
  start(): Promise<void>;
  /** SIGKILL to the server, and to PostgreSQL with all that it started. */
  killMachine(): Promise<void>;
  regent(...words: string[]): Promise<Answer>;
}

export async function wholeRegent(): Promise<WholeRegent> {
  const data = await temporaryFolder("whole");
  let server: ChildProcess | undefined;
  after(() => server && end(server, "SIGINT"));
  return {
    data,
    async start() {
      server = await startServer(data);
    },
    async killMachine() {
      const postmaster = Number(readFileSync(join(data, "postgres/postmaster.pid"), "utf8").split("\n")[0]);
      process.kill(postmaster, "SIGKILL");
      if (server) await end(server, "SIGKILL");
    },
    regent: (...words) => run([join(ROOT, "cli/bin/regent.mjs"), ...words], { REGENT_DATA: data }),
  };
}

async function startServer(data: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["server/main.ts", "--data", data, "--port", "0"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk) => String(chunk).includes("Regent is ready") && resolve());
    child.once("exit", (code) => reject(new Error(`The server ended with ${code} before it was ready:\n${said}`)));
  });
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}

async function run(args: string[], env: Record<string, string>): Promise<Answer> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const answer = { code: null as number | null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    answer.stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    answer.stderr += chunk;
  });
  answer.code = await new Promise((resolve) => child.once("close", resolve));
  return { ...answer, json: () => JSON.parse(answer.stdout) };
}
