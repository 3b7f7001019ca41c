/** The kernel's throughput and latency beside bare DBOS and LangGraph.js, in one run on one PostgreSQL. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { silentLog, startPostgres, withDatabase } from "#platform";
import type { Figure } from "./support/figure.ts";
import { reportDatabase } from "./support/machine.ts";
import { median } from "./support/percentile.ts";
import { untilIdle } from "./support/processes.ts";
import { installPeers, type Subject, startSubject } from "./support/subject.ts";

export const name = "kernel";
export const about = "Runs a second and latency of a stage, against bare DBOS and LangGraph.js.";

const PAIRS = 5;
const FOR_MS = 10_000;
const DBOS = "dbos.mjs";
const REGENT = "../subjects/regent.ts";
const LANGGRAPH = "langgraph.mjs";

export async function run(): Promise<Figure[]> {
  installPeers();
  const folder = await mkdtemp(join(tmpdir(), "regent-bench-"));
  const postgres = await startPostgres({ folder, log: silentLog });
  const admin = new pg.Pool({ connectionString: postgres.url, max: 1 });
  await reportDatabase(postgres.url);
  let count = 0;
  const measure = async <T>(file: string, work: (subject: Subject) => Promise<T>): Promise<T> => {
    const database = `bench_${++count}`;
    await admin.query(`create database ${database}`);
    const subject = await startSubject(file, withDatabase(postgres.url, database));
    try {
      await untilIdle(20_000);
      return await work(subject);
    } finally {
      await subject.close();
      await admin.query(`drop database ${database} with (force)`);
    }
  };
  const throughput = (subject: Subject) => subject.loop("runTen", { concurrency: 50, forMs: FOR_MS, warmUp: 50 });
  const latency = async (subject: Subject) => {
    await subject.runSeq("warm-up", 50);
    const gaps: number[] = [];
    for (const id of ["one", "two", "three"]) gaps.push(...(await subject.runSeq(id, 300)));
    return median(gaps);
  };

  try {
    const runs: { ours: number; bare: number; ratio: number }[] = [];
    const gaps: { ours: number; bare: number; ratio: number }[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      // The order changes from pair to pair, so that a machine that grows slower favours nobody.
      const files = pair % 2 === 0 ? [DBOS, REGENT] : [REGENT, DBOS];
      const seen: Record<string, { perSecond: number; gap: number }> = {};
      for (const file of files)
        seen[file] = await measure(file, async (subject) => ({
          gap: await latency(subject),
          perSecond: (await throughput(subject)).perSecond,
        }));
      const [ours, bare] = [seen[REGENT]!, seen[DBOS]!];
      runs.push({ ours: ours.perSecond, bare: bare.perSecond, ratio: ours.perSecond / bare.perSecond });
      gaps.push({ ours: ours.gap, bare: bare.gap, ratio: ours.gap / bare.gap });
    }
    const lang = await measure(LANGGRAPH, async (subject) => (await throughput(subject)).perSecond);
    const ours = median(runs.map((pair) => pair.ours));
    const ratio = median(runs.map((pair) => pair.ratio));
    const gapRatio = median(gaps.map((pair) => pair.ratio));
    return [
      {
        what: `10 trivial stages, 50 at a time (median of ${PAIRS} pairs)`,
        ...{ value: ours, unit: "runs/s", ratio },
        peer: { name: "bare DBOS", value: median(runs.map((pair) => pair.bare)) },
        ...{ reach: "≥ 0.80 × bare DBOS with the prepared pool", ok: ratio >= 0.8 },
      },
      {
        what: "10 trivial stages, 50 at a time",
        ...{ value: ours, unit: "runs/s", ratio: ours / lang, peer: { name: "LangGraph.js sync", value: lang } },
        ...{ reach: "≥ 2 × LangGraph.js with its PostgreSQL checkpointer, sync", ok: ours / lang >= 2 },
      },
      {
        what: `one stage after another, p50 (median of ${PAIRS} pairs)`,
        ...{ value: median(gaps.map((pair) => pair.ours)), unit: "ms", ratio: gapRatio },
        peer: { name: "bare DBOS", value: median(gaps.map((pair) => pair.bare)) },
        ...{ reach: "≤ 1.25 × bare DBOS", ok: gapRatio <= 1.25 },
      },
    ];
  } finally {
    await admin.end();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
