/**
 * The protocol of a benchmark's subject: a child process that reads one JSON line a call and answers each with one.
 * The driver is `bench/support/subject.ts`. Loops run inside the subject, so that the pipe costs nothing; CPU time and
 * memory are read from outside, from the subject's and the database's processes.
 *
 *   → {"call":1,"method":"init","params":{"databaseUrl":"postgres://…","poolSize":20}}   a fresh, empty database
 *   ← {"call":1,"result":{"name":"bare DBOS","version":"5.3.0"}}       or {"call":1,"error":"…"}
 *
 * | method | params | result |
 * |---|---|---|
 * | `runTen` | `{ id }` | `{ value: 10, ms }`: one run of ten steps that each return 1 |
 * | `runOne` | `{ id }` | `{ value: 1, ms }`: one run of one step |
 * | `runSeq` | `{ id, steps }` | `{ gapsMs }`: one run; the times between the beginnings of its steps (`steps - 1` values) |
 * | `loop` | `{ method: "runTen" or "runOne", concurrency, forMs, warmUp }` | `{ runs, wallMs, perSecond, p50Ms, p99Ms }` |
 * | `repeat` | `{ method, count, warmUp }` | `{ durationsMs }`: one run after another |
 * | `close` | | `null`; the process ends |
 *
 * `warmUp` is a number of runs that are not counted. A run whose value is wrong is an error.
 */
import { createInterface } from "node:readline";

export function serve(subject) {
  const methods = { ...subject, loop: (params) => loop(subject, params), repeat: (params) => repeat(subject, params) };
  const answer = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
  createInterface({ input: process.stdin })
    .on("line", async (line) => {
      const { call, method, params } = JSON.parse(line);
      try {
        if (!Object.hasOwn(methods, method)) throw new Error(`The subject has no method ${method}.`);
        answer({ call, result: (await methods[method](params ?? {})) ?? null });
      } catch (error) {
        answer({ call, error: error?.stack ?? String(error) });
      }
      if (method === "close") process.exit(0);
    })
    .on("close", () => process.exit(0));
}

let runs = 0;

async function loop(subject, { method, concurrency, forMs, warmUp = 0 }) {
  let left = warmUp;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) await timed(subject, method);
    }),
  );
  const durations = [];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() - startedAt < forMs) durations.push(await timed(subject, method));
    }),
  );
  const wallMs = performance.now() - startedAt;
  durations.sort((a, b) => a - b);
  const at = (share) => durations[Math.max(0, Math.ceil(share * durations.length) - 1)];
  const perSecond = durations.length / (wallMs / 1000);
  return { runs: durations.length, wallMs, perSecond, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function repeat(subject, { method, count, warmUp = 0 }) {
  for (let i = 0; i < warmUp; i++) await timed(subject, method);
  const durationsMs = [];
  for (let i = 0; i < count; i++) durationsMs.push(await timed(subject, method));
  return { durationsMs };
}

async function timed(subject, method) {
  const { value, ms } = await subject[method]({ id: `${method}-${process.pid}-${++runs}` });
  const expected = method === "runTen" ? 10 : 1;
  if (value !== expected) throw new Error(`A run ended with ${value} instead of ${expected}.`);
  return ms;
}
