import { deepEqual, equal, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryFolder } from "#testing";
import { createSandbox, type Sandbox, type ScriptControl } from "./sandbox.ts";

const place = await temporaryFolder("script-process");
const KINDS = [
  { driver: "bwrap", controlGroups: true },
  { driver: "bwrap", controlGroups: false },
  { driver: "userns", controlGroups: false },
] as const;
const sandboxes = await Promise.all(
  KINDS.map(async ({ driver, controlGroups }) => {
    const directory = join(place, `${driver}-${controlGroups}`);
    const sandbox = await createSandbox({ directory, drivers: [driver], controlGroups });
    return {
      name: `${driver}${controlGroups ? " with control groups" : ""}`,
      driver,
      controlGroups,
      directory,
      sandbox,
    };
  }),
);
after(() => Promise.all(sandboxes.map(({ sandbox }) => sandbox.close())));

for (const { name, sandbox } of sandboxes) {
  test(`a frozen script stands still, with its wall clock, and goes on (${name})`, async () => {
    const freeze = switchFor();
    let ticks = 0;
    const running = run(sandbox, "for i in {1..10}; do echo tick; sleep 0.02; done; echo end", {
      freeze,
      onOutput: () => {
        ticks += 1;
        if (ticks === 5) freeze.set(true);
      },
      limits: { wallMs: 800 },
    });
    while (ticks < 5) await delay(5);
    await delay(150);
    const before = ticks;
    await delay(700);
    ok(ticks <= before + 1, `${ticks - before} ticks while frozen`);
    freeze.set(false);
    const result = await running;
    deepEqual([result.outcome, result.stdout.trim().split("\n").length], ["ok", 11]);
  });

  test(`a frozen script can be cancelled (${name})`, async () => {
    const freeze = switchFor();
    const stop = new AbortController();
    const running = run(sandbox, "echo up; sleep 100", {
      freeze,
      signal: stop.signal,
      onOutput: () => freeze.set(true),
    });
    await delay(300);
    const at = performance.now();
    stop.abort();
    equal((await running).outcome, "cancelled");
    ok(performance.now() - at < 200);
  });

  /** While the walls are being built there is no first process yet whose end would end all others. */
  test(`a script can be cancelled at every moment, within 200 ms, and leaves nobody (${name})`, async () => {
    const token = `cancelled-${process.pid}-${name.length}`;
    const times: number[] = [];
    for (let round = 0; round < 24; round += 1) {
      const stop = new AbortController();
      let at = performance.now();
      setTimeout(() => {
        at = performance.now();
        stop.abort();
      }, round * 2.5);
      const script = `trap '' TERM INT; (exec -a ${token} sleep 300) & (exec -a ${token} setsid sleep 300) & exec -a ${token} sleep 300`;
      const result = await run(sandbox, script, { signal: stop.signal });
      times.push(performance.now() - at);
      deepEqual([result.outcome, result.exitCode], ["cancelled", null]);
      deepEqual(withToken(token), []);
    }
    ok(Math.max(...times) < 200, `slowest ${Math.max(...times).toFixed(0)} ms`);
  });
}

for (const { name, driver, controlGroups, directory, sandbox } of sandboxes) {
  test(`nothing outlives a server that is killed (${name})`, async () => {
    for (const killAfterMs of [0, 8, "running"] as const) {
      const token = `doomed-${process.pid}-${driver}-${controlGroups}-${killAfterMs}`;
      const work = join(place, token);
      mkdirSync(work);
      const options = [DOOMED, directory, work, token, driver, String(controlGroups)];
      const server = spawn(process.execPath, options, { stdio: ["ignore", "pipe", "inherit"] });
      let text = "";
      const said = (word: string) =>
        new Promise<void>((resolve) => {
          server.stdout.on("data", (chunk) => {
            text += chunk;
            if (text.includes(word)) resolve();
          });
        });
      await said(killAfterMs === "running" ? "running" : "up");
      if (killAfterMs !== "running") await delay(killAfterMs);
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGKILL");
      await ended;
      await untilNone(token);
      await sandbox.reap();
      deepEqual(leftOf(server.pid!), []);
      equal(readdirSync(directory).filter((each) => each.startsWith(`${server.pid}-`)).length, 0);
    }
  });
}

const DOOMED = join(import.meta.dirname, "../../tests/escape/doomed-server.ts");

async function untilNone(token: string): Promise<void> {
  for (let tries = 0; tries < 40 && withToken(token).length > 0; tries += 1) await delay(25);
  deepEqual(withToken(token), []);
}

/** Processes whose command line begins with the token: what the scripts call themselves. */
function withToken(token: string): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").startsWith(token);
    } catch {
      return false;
    }
  });
}

/** Control groups and user numbers that a server left. */
function leftOf(pid: number): string[] {
  const groups = ["memory", "pids", "freezer"].flatMap((controller) => foldersBelow(`/sys/fs/cgroup/${controller}`, 3));
  const locks = existsSync("/run/regent/uids") ? readdirSync("/run/regent/uids") : [];
  return [
    ...groups.filter((path) => path.includes(`/regent/${pid}-`)),
    ...locks.filter((uid) => {
      try {
        return readdirSync(join("/run/regent/uids", uid)).some((holder) => holder.startsWith(`${pid}-`));
      } catch {
        return false;
      }
    }),
  ];
}

function foldersBelow(path: string, depth: number): string[] {
  if (depth < 0 || !existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [join(path, name), ...foldersBelow(join(path, name), depth - 1)]);
}

function switchFor() {
  const listeners = new Set<(frozen: boolean) => void>();
  let frozen = false;
  return {
    isFrozen: () => frozen,
    onChange(listener: (frozen: boolean) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(value: boolean) {
      frozen = value;
      for (const listener of listeners) listener(value);
    },
  };
}

let folders = 0;
function run(
  sandbox: Sandbox,
  script: string,
  { limits, ...control }: Partial<ScriptControl> & { limits?: { wallMs: number } },
) {
  const directory = join(place, `work-${++folders}`);
  mkdirSync(directory);
  return sandbox.run(
    { run: "run_1", stage: "test", script, env: {}, inputs: [], network: [], directory, ...(limits ? { limits } : {}) },
    { signal: new AbortController().signal, ...control },
  );
}
