/**
 * Subject: straight-line steps on bare DBOS, the yardstick of Regent's kernel. Statements that repeat are named, so
 * that PostgreSQL parses them once; the stock pool of DBOS does 30 % less. Protocol: protocol.mjs.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { DBOS } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import { serve } from "./protocol.mjs";

const NAMES_MAX = 400;
const uses = new Map();

class PreparingClient extends pg.Client {
  query(text, values, done) {
    const name = Array.isArray(values) ? nameOf(text) : undefined;
    return name ? super.query({ name, text, values }, done) : super.query(text, values, done);
  }
}

/** A name from the third use on; many statements are sent once and should not fill the server's memory. */
function nameOf(text) {
  if (typeof text !== "string" || /^\s*(create|alter|drop|set|listen)/i.test(text)) return undefined;
  const use = uses.get(text) ?? { count: 0, name: undefined };
  if (use.count === 0 && uses.size >= NAMES_MAX) return undefined;
  uses.set(text, use);
  if (++use.count === 3) use.name = createHash("sha1").update(text).digest("hex");
  return use.name;
}

const step = (i) => DBOS.runStep(async () => 1, { name: `step${i}` });

async function steps(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += await step(i);
  return sum;
}
const sum = DBOS.registerWorkflow(steps, { name: "sum" });

/** Beginnings of the steps of a run in progress; they are measured, not part of its result. */
const beginnings = new Map();
async function timedSteps(count) {
  const begun = beginnings.get(DBOS.workflowID);
  for (let i = 0; i < count; i++) await DBOS.runStep(async () => begun.push(performance.now()), { name: `step${i}` });
}
const sequence = DBOS.registerWorkflow(timedSteps, { name: "sequence" });

async function run(id, count) {
  const startedAt = performance.now();
  const handle = await DBOS.startWorkflow(sum, { workflowID: id })(count);
  return { value: await handle.getResult(), ms: performance.now() - startedAt };
}

serve({
  async init({ databaseUrl, poolSize = 20 }) {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize, Client: PreparingClient });
    pool.on("error", () => {});
    DBOS.setConfig({
      name: "bench",
      systemDatabaseUrl: databaseUrl,
      systemDatabasePool: pool,
      applicationVersion: "bench",
      executorID: "bench",
      logLevel: "error",
    });
    await DBOS.launch();
    return { name: "bare DBOS", version: versionOf("@dbos-inc/dbos-sdk") };
  },
  runTen: ({ id }) => run(id, 10),
  runOne: ({ id }) => run(id, 1),
  async runSeq({ id, steps }) {
    const begun = [];
    beginnings.set(id, begun);
    await (await DBOS.startWorkflow(sequence, { workflowID: id })(steps)).getResult();
    beginnings.delete(id);
    return { gapsMs: begun.slice(1).map((at, i) => at - begun[i]) };
  },
  close: () => DBOS.shutdown(),
});

function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
}
