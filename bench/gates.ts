/** Ten thousand runs that wait at a gate: what they cost while nothing happens, and how soon one goes on. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { silentLog, startPostgres, withDatabase } from "#platform";
import type { Figure } from "./support/figure.ts";
import { reportDatabase } from "./support/machine.ts";
import { percentile } from "./support/percentile.ts";
import { cpuMsOf, residentBytesOf, untilIdle } from "./support/processes.ts";
import { startSubject } from "./support/subject.ts";

export const name = "gates";
export const about = "Ten thousand runs waiting at gates: memory, idle CPU, time from a decision to the next stage.";

const RUNS = 10_000;
const IDLE_MS = 15_000;
const DECISIONS = 300;

export async function run(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "regent-bench-"));
  const postgres = await startPostgres({ folder, log: silentLog });
  const admin = new pg.Pool({ connectionString: postgres.url, max: 1 });
  try {
    await reportDatabase(postgres.url);
    await admin.query("create database gates");
    const subject = await startSubject("../subjects/regent-gates.ts", withDatabase(postgres.url, "gates"));
    await subject.call("start", { count: 200, prefix: "warm" });
    await subject.call("collect");
    const before = residentBytesOf(subject.pid);
    await subject.call("start", { count: RUNS, prefix: "gate" });
    await subject.call("collect");
    const bytes = (residentBytesOf(subject.pid) - before) / RUNS;

    await untilIdle(30_000);
    const pids = () => [subject.pid, ...postgres.pids()];
    const cpu = () => pids().reduce((sum, pid) => sum + cpuMsOf(pid), 0);
    const [cpuBefore, at] = [cpu(), performance.now()];
    await sleep(IDLE_MS);
    const idle = ((cpu() - cpuBefore) / (performance.now() - at)) * 100;

    const waits = await subject.call<number[]>("decide", { count: DECISIONS, prefix: "gate", of: RUNS });
    await subject.close();
    const p99 = percentile(waits, 0.99);
    return [
      {
        what: `decision to next stage, p99 of ${DECISIONS}, ${RUNS} runs waiting`,
        ...{ value: p99, unit: "ms", reach: "≤ 50 ms", ok: p99 <= 50 },
      },
      { what: "decision to next stage, p50", value: percentile(waits, 0.5), unit: "ms", reach: "reported", ok: true },
      { what: "memory a waiting run", value: bytes / 1_024, unit: "KB", reach: "≤ 30 KB", ok: bytes <= 30 * 1_024 },
      {
        what: "idle CPU, Node and PostgreSQL, of one core",
        ...{ value: idle, unit: "%", reach: "≤ 5 %", ok: idle <= 5 },
      },
    ];
  } finally {
    await admin.end();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
