/**
 * `npm run test:long -- [NAME…] [--json]`: the full counts behind the guarantees. Each file of `tests/long/` exports
 * `run()`; one line a promise, exit code 1 when a trial failed or a planted defect went unseen.
 */
import { globSync } from "node:fs";
import { basename, join, resolve } from "node:path";

/** What `tests/long/<name>.ts` returns, one for each promise it counts. */
export interface LongCount {
  promise: string;
  trials: number;
  failures: number;
  mutants_killed: number;
  mutants: number;
  notes?: string;
}

const FOLDER = resolve(import.meta.dirname, "../tests/long");
const json = process.argv.includes("--json");
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const names = globSync("*.ts", { cwd: FOLDER })
  .map((file) => basename(file, ".ts"))
  .sort();
if (names.length === 0) console.error("There is no long test yet.");
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no long test ${unknown.join(", ")}. There are: ${names.join(", ") || "none yet"}.`);
  process.exit(2);
}

const counts: LongCount[] = [];
for (const name of wanted.length > 0 ? wanted : names) {
  const startedAt = performance.now();
  const { run } = (await import(join(FOLDER, `${name}.ts`))) as { run(): Promise<LongCount[]> };
  for (const count of await countsOf(name, run)) {
    counts.push(count);
    if (!json) console.log(toLine(count));
  }
  console.error(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}
if (json) console.log(JSON.stringify(counts));
process.exit(counts.every(isKept) ? 0 : 1);

/** A file that throws counts as a failure and does not hide the ones after it. */
async function countsOf(name: string, run: () => Promise<LongCount[]>): Promise<LongCount[]> {
  try {
    return await run();
  } catch (error) {
    console.error(error);
    return [{ promise: name, trials: 0, failures: 1, mutants_killed: 0, mutants: 0, notes: String(error) }];
  }
}

function isKept({ trials, failures, mutants_killed, mutants }: LongCount): boolean {
  return trials > 0 && failures === 0 && mutants_killed === mutants;
}

function toLine(count: LongCount): string {
  const { promise, trials, failures, mutants_killed, mutants, notes } = count;
  const line = `${promise}: ${trials} trials, ${failures} failures, ${mutants_killed} of ${mutants} mutants killed`;
  return `${line}${notes ? ` (${notes})` : ""} · ${isKept(count) ? "ok" : "NOT KEPT"}`;
}
