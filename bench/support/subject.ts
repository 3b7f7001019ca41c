/** Drives a subject of `bench/peers/` (the protocol stands in its protocol.mjs) and installs the heavy peers. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export interface LoopResult {
  runs: number;
  wallMs: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

export interface Subject {
  pid: number;
  /** As the subject names itself: `bare DBOS 5.3.0`. */
  name: string;
  /** Starts runs in so many loops until the time is over. */
  loop(
    method: "runTen" | "runOne",
    options: { concurrency: number; forMs: number; warmUp: number },
  ): Promise<LoopResult>;
  /** Durations of runs one after another. */
  repeat(method: "runTen" | "runOne", options: { count: number; warmUp: number }): Promise<number[]>;
  /** Milliseconds between the beginnings of a run's steps: `steps - 1` values. */
  runSeq(id: string, steps: number): Promise<number[]>;
  call<T>(method: string, params?: object): Promise<T>;
  close(): Promise<void>;
}

const PEERS = resolve(import.meta.dirname, "../peers");

/** @param databaseUrl  of an empty database that nothing else uses */
export async function startSubject(file: string, databaseUrl: string, poolSize = 20): Promise<Subject> {
  const child = spawn(process.execPath, ["--expose-gc", join(PEERS, file)], { stdio: ["pipe", "pipe", "inherit"] });
  const call = callsOf(child);
  const { name, version } = await call<{ name: string; version: string }>("init", { databaseUrl, poolSize });
  return {
    pid: child.pid as number,
    name: `${name} ${version}`,
    call,
    loop: (method, options) => call("loop", { method, ...options }),
    repeat: async (method, options) =>
      (await call<{ durationsMs: number[] }>("repeat", { method, ...options })).durationsMs,
    runSeq: async (id, steps) => (await call<{ gapsMs: number[] }>("runSeq", { id, steps })).gapsMs,
    close: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await call("close");
      await ended;
    },
  };
}

/** Installs `bench/peers` as its lock file says, once. */
export function installPeers(): void {
  const lock = createHash("sha256")
    .update(readFileSync(join(PEERS, "package-lock.json")))
    .digest("hex");
  const stamp = join(PEERS, "node_modules", ".lock-digest");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.error("installing the peers that are measured against (bench/peers)");
  const { status } = spawnSync("npm", ["ci", "--legacy-peer-deps", "--ignore-scripts"], {
    cwd: PEERS,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0)
    throw new Error("The peers could not be installed: `npm ci --legacy-peer-deps` in bench/peers failed.");
  writeFileSync(stamp, lock);
}

function callsOf(child: ChildProcess): Subject["call"] {
  const open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let calls = 0;
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
    // A library in the subject may print lines of its own.
    if (!line.startsWith('{"call":')) return;
    const { call, result, error } = JSON.parse(line);
    const waiting = open.get(call);
    open.delete(call);
    if (error === undefined) waiting?.resolve(result as never);
    else waiting?.reject(new Error(error));
  });
  child.once("exit", (code, signal) => {
    for (const { reject } of open.values()) reject(new Error(`The subject ended (${signal ?? code}).`));
  });
  return (method, params) =>
    new Promise((resolve, reject) => {
      open.set(++calls, { resolve, reject });
      child.stdin?.write(`${JSON.stringify({ call: calls, method, params })}\n`);
    });
}
