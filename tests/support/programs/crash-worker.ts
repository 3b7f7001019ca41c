/**
 * A worker that a test kills. It reads one JSON command a line: `launch` makes it the worker of a database, `play`
 * starts a scenario and says what the outside has to say, `read` gives the run's page. `killAt` ends the process with
 * SIGKILL at that moment, counted from the command on. Effects go to a file that survives it.
 */
import { appendFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { type KernelApp, startKernel } from "../kernel-app.ts";
import { scenarioPerformers, scenarios } from "../scenarios.ts";

interface Command {
  call: number;
  method: "launch" | "play" | "await" | "moments" | "close";
  url?: string;
  effects?: string;
  exclusive?: boolean;
  leaseMs?: number;
  scenario?: string;
  run?: string;
  killAt?: number;
}

let app: KernelApp;
let effectsFile = "";
let count = 0;
let moments = 0;
let killAt = Number.POSITIVE_INFINITY;

const probe = (): void => {
  moments += 1;
  if (moments === killAt) process.kill(process.pid, "SIGKILL");
};

const performers = scenarioPerformers({
  async leave(key, name) {
    const value = process.pid * 1_000_000 + ++count;
    appendFileSync(effectsFile, `${JSON.stringify({ key, name, value })}\n`);
    return value;
  },
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
});

const methods = {
  async launch(command: Command) {
    effectsFile = command.effects!;
    app = await startKernel({
      url: command.url!,
      blobs: join(dirname(effectsFile), "blobs"),
      performers,
      probe,
      executor: `crash-${process.pid}`,
      exclusive: command.exclusive ?? true,
      leaseMs: command.leaseMs ?? 60_000,
      daemons: scenarios.flatMap((scenario) => [scenario.daemon, ...(scenario.children ?? [])]),
    });
    return null;
  },
  /** Repeating it after a crash is harmless: ids and keys are the same. */
  async play(command: Command) {
    moments = 0;
    killAt = command.killAt ?? Number.POSITIVE_INFINITY;
    const scenario = scenarios.find((one) => one.name === command.scenario)!;
    const run = command.run!;
    await app.kernel.start({
      id: run,
      pinned: app.pinned(scenario.daemon, scenario.children),
      inputs: {},
      trigger: { kind: "manual" },
    });
    for (const [i, word] of (scenario.outside ?? []).entries()) {
      if ("gate" in word)
        await app.kernel.send(run, `gate:${word.gate}`, { verdict: word.verdict }, `decision:${word.gate}`);
      else await app.events.emit({ id: `evt_${run}.${i}`, type: word.event, data: word.data, source: "test" });
    }
    return null;
  },
  async await(command: Command) {
    return app.kernel.settled(command.run!, 30_000);
  },
  async moments() {
    return moments;
  },
  async close() {
    await app?.close();
    return null;
  },
};

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const command = JSON.parse(line) as Command;
    const answer = await methods[command.method](command).then(
      (result) => ({ call: command.call, result }),
      (error: unknown) => ({
        call: command.call,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    );
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    if (command.method === "close") process.exit(0);
  })
  .on("close", () => process.exit(0));
process.stdout.write('{"ready":true}\n');
