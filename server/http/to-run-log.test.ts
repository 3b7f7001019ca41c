import { deepEqual, equal } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { type Json, type JsonObject, type Run, RunLog } from "@regent/contract";
import { toRunLog } from "./to-run-log.ts";

/** The shape that programs outside read, as the documents give it; kinds in place of their samples. */
const SHAPE = {
  execution_id: "string",
  daemon_id: "string",
  user_id: "string",
  started_at: "string",
  completed_at: "string",
  status: "string",
  stages: [
    {
      name: "string",
      status: "string",
      duration_ms: "number",
      cost: { tokens: "number", credits: "number", usd: "number" },
      output: "string",
    },
  ],
  total_cost: { credits: "number", usd: "number" },
};
// The documents' own files lie beside the checkout, not in it.
const SEED = resolve(import.meta.dirname, "../../../shared/fixtures/seeds/execution-log.json");

const kinds = (value: Json): Json =>
  Array.isArray(value)
    ? value.map(kinds)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, kinds(each)]))
      : typeof value;

const cost = { usd: 0.02, tokens: 1_000, credits: 10 };
const run = {
  id: "run_sample",
  status: "succeeded",
  daemon: { id: "sample", version: "1.0.0", digest: `sha256:${"0".repeat(64)}` },
  trigger: { kind: "manual", by: "operator" },
  started_at: "2026-01-01T00:00:00.000Z",
  ended_at: "2026-01-01T00:00:01.000Z",
  stages: [{ name: "Write", status: "succeeded", duration_ms: 1_234, cost, output: "text", steps: [], stages: [] }],
  cost,
} as unknown as Run;

test("the log has exactly the fields of the documents' execution log", () => {
  const log = toRunLog(run);
  deepEqual(kinds(log as unknown as JsonObject), SHAPE);
  RunLog.parse(log);
});

test("the documents' own sample has that shape", { skip: !existsSync(SEED) }, () => {
  deepEqual(kinds(JSON.parse(readFileSync(SEED, "utf8"))), SHAPE);
});

test("ends are spelled as the documents do; what they do not know keeps the run's word", () => {
  const spelled = (["succeeded", "failed", "timed_out", "cancelled", "waiting"] as const).map(
    (status) => toRunLog({ ...run, status }).status,
  );
  deepEqual(spelled, ["success", "failed", "timeout", "cancelled", "waiting"]);
});

test("a run that has not ended has nulls, and an unknown price stays unknown", () => {
  const log = toRunLog({ ...run, ended_at: null, cost: { ...cost, usd: null } });
  equal(log.completed_at, null);
  deepEqual(log.total_cost, { credits: 10, usd: null });
});
