import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSandbox, type Sandbox } from "#sandbox";
import type { Figure } from "./support/figure.ts";

export const name = "sandbox";
export const about = "What a sandboxed script costs beside bare bash, and how fast one is stopped.";

const ROUNDS = 30;
const KILLS = 30;
const AT_ONCE = 8;
const STARTS = 160;
const SCRIPT = "echo done";

export async function run(): Promise<Figure[]> {
  const place = await mkdtemp(join(tmpdir(), "regent-bench-sandbox-"));
  const plain = await createSandbox({ directory: join(place, "plain"), controlGroups: false });
  const grouped = await createSandbox({ directory: join(place, "grouped") });
  try {
    for (const sandbox of [plain, grouped]) {
      if (!sandbox.driver.probe.ok) throw new Error(sandbox.driver.probe.reason);
    }
    const counts = await hasGroups(grouped, place);
    const bare: number[] = [];
    const without: number[] = [];
    const withGroups: number[] = [];
    for (let round = -3; round < ROUNDS; round += 1) {
      const times = [await time(runBash), await time(() => runScript(plain, place)), 0];
      if (counts) times[2] = await time(() => runScript(grouped, place));
      if (round < 0) continue; // warm files, warm code
      [bare, without, withGroups].forEach((list, index) => void list.push(times[index]!));
    }
    const figures = [ratio("a whole script without control groups", without, bare, 8)];
    if (counts) figures.push(ratio("a whole script with control groups", withGroups, bare, 12));
    figures.push(...(await killLatency(grouped, place)), await startsPerSecond(plain, place));
    return figures;
  } finally {
    await Promise.all([plain.close(), grouped.close()]);
    await rm(place, { recursive: true, force: true });
  }
}

function ratio(what: string, times: number[], bare: number[], reach: number): Figure {
  const value = quantile(times, 0.5);
  const peer = { name: "bare bash", value: quantile(bare, 0.5) };
  return {
    what: `${what}, p50`,
    value,
    unit: "ms",
    peer,
    ratio: value / peer.value,
    reach: `≤ ${reach} × bare bash`,
    ok: value <= reach * peer.value,
  };
}

/** From the abort to the moment when nothing of the run is alive, with twenty processes that ignore SIGTERM. */
async function killLatency(sandbox: Sandbox, place: string): Promise<Figure[]> {
  const times: number[] = [];
  for (let round = 0; round < KILLS; round += 1) {
    const stop = new AbortController();
    let at = 0;
    await withFolder(place, (directory) =>
      sandbox.run(
        {
          ...{ run: "bench", stage: "kill", env: {}, inputs: [], network: [], directory },
          script: "trap '' TERM; for i in {1..20}; do (trap '' TERM; while :; do :; done) & done; echo up; wait",
        },
        {
          signal: stop.signal,
          onOutput: () => {
            setTimeout(() => {
              at = performance.now();
              stop.abort();
            }, 50);
          },
        },
      ),
    );
    times.push(performance.now() - at);
  }
  const value = quantile(times, 0.99);
  return [
    { what: "stopping 20 busy processes, p50", value: quantile(times, 0.5), unit: "ms", reach: "≤ 200 ms", ok: value <= 200 },
    { what: "stopping 20 busy processes, p99", value, unit: "ms", reach: "≤ 200 ms", ok: value <= 200 },
  ]; // biome-ignore format: two lines to compare
}

async function startsPerSecond(sandbox: Sandbox, place: string): Promise<Figure> {
  const value = await rate(() => runScript(sandbox, place));
  const peer = { name: "bare bash", value: await rate(runBash) };
  const ratio = value / peer.value;
  const what = `scripts a second, ${AT_ONCE} at once`;
  return { what, value, unit: "/s", peer, ratio, reach: "≥ 0.08 × bare bash", ok: ratio >= 0.08 };
}

async function rate(work: () => Promise<void>): Promise<number> {
  let left = STARTS;
  const started = performance.now();
  const line = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  return STARTS / ((performance.now() - started) / 1000);
}

async function runScript(sandbox: Sandbox, place: string): Promise<void> {
  const result = await withFolder(place, (directory) =>
    sandbox.run(
      { run: "bench", stage: "start", script: SCRIPT, env: {}, inputs: [], network: [], directory },
      { signal: new AbortController().signal },
    ),
  );
  if (result.stdout !== "done\n") throw new Error(`${result.outcome}: ${result.stderr}`);
}

async function hasGroups(sandbox: Sandbox, place: string): Promise<boolean> {
  const { audit } = await withFolder(place, (directory) =>
    sandbox.run(
      { run: "bench", stage: "start", script: SCRIPT, env: {}, inputs: [], network: [], directory },
      { signal: new AbortController().signal },
    ),
  );
  return audit.controlGroups !== null;
}

let folders = 0;
async function withFolder<T>(place: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = join(place, `work-${++folders}`);
  await mkdir(directory);
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const runBash = () =>
  new Promise<void>((resolve, reject) => {
    const child = spawn("/bin/bash", ["--norc", "--noprofile", "-c", SCRIPT], { env: {} });
    child.stdout.resume();
    child.once("error", reject);
    child.once("close", () => resolve());
  });

async function time(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const quantile = (values: number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN;
