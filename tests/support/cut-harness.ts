import type { Run } from "@regent/contract";
import { faultProxy } from "./fault-proxy.ts";
import { type KernelApp, startKernel } from "./kernel-app.ts";
import { type Effect, wrongs } from "./oracle.ts";
import { type Scenario, scenarioPerformers, scenarios } from "./scenarios.ts";
import { goldenOf, shapeOf } from "./simulated-play.ts";

export interface CutReport {
  cuts: number;
  /** Of them: the server had committed and nobody heard it. */
  unheard: number;
  runs: number;
  wrong: string[];
}

/** Scenarios whose end does not depend on how long an outage takes. */
const steady = scenarios.filter((scenario) => !scenario.races && scenario.name !== "expired gate");

/**
 * Runs scenarios through a proxy that loses the connection at COMMIT: before the server has it, while it works, and
 * after it has answered. Every commit in turn, so that each durable write of each scenario meets each kind of loss.
 */
export async function cutEverywhere(options: { url: string; cuts: number; only?: Scenario[] }): Promise<CutReport> {
  const proxy = await faultProxy(options.url);
  const report: CutReport = { cuts: 0, unheard: 0, runs: 0, wrong: [] };
  const effects: Effect[] = [];
  let app: KernelApp | undefined;
  try {
    app = await startKernel({
      url: proxy.url,
      executor: "cut",
      leaseMs: 2_000,
      // The commits to be lost are those of runs, not of looking at empty queues.
      queuePollMs: 20_000,
      performers: scenarioPerformers({
        async leave(key, name) {
          effects.push({ key, name, value: effects.length });
          return effects.length - 1;
        },
        sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      }),
    });
    const moments = ["after", "sent", "before"] as const;
    for (let round = 0; report.cuts < options.cuts; round++) {
      const scenario = (options.only ?? steady)[round % (options.only ?? steady).length]!;
      const run = `run_cut-${round}-${scenario.daemon.id}`;
      // Sparse enough that work gets through between two losses, and never at the same commits twice.
      let next = 1 + (round % 7);
      let cutHere = 0;
      let seen = 0;
      proxy.plan((statement) => {
        if (statement.commit === undefined || ++seen < next) return undefined;
        next = seen + 4 + ((round + cutHere) % 5);
        cutHere += 1;
        return moments[(round + cutHere) % 3];
      });
      const before = proxy.cuts.length;
      const page = await playThrough(app, scenario, run);
      proxy.plan(undefined);
      const cuts = proxy.cuts.slice(before);
      report.cuts += cuts.length;
      report.unheard += cuts.filter((cut) => cut.answer === "COMMIT").length;
      report.runs += 1;
      const golden = await goldenOf(scenario);
      const own = effects.filter((effect) => effect.key.startsWith(run));
      report.wrong.push(
        ...wrongs(page, shapeOf(page), golden.shape, own, cuts.length).map(
          (wrong) => `${scenario.name}, round ${round}: ${wrong}`,
        ),
      );
      if (report.wrong.length > 20) break;
    }
  } finally {
    proxy.plan(undefined);
    await app?.close();
    await proxy.close();
  }
  return report;
}

/** A run whose end could not be written is found after two looks, 12 s apart with this lease, and goes on then. */
const SETTLED_MS = 120_000;

/** What a client does that was told nothing: it asks again, with the same ids and keys. */
async function playThrough(app: KernelApp, scenario: Scenario, run: string): Promise<Run> {
  const again = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let tries = 0; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (tries > 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const pinned = app.pinned(scenario.daemon, scenario.children);
  await again(() => app.kernel.start({ id: run, pinned, inputs: {}, trigger: { kind: "manual" } }));
  for (const [i, word] of (scenario.outside ?? []).entries()) {
    if ("gate" in word)
      await again(() => app.kernel.send(run, `gate:${word.gate}`, { verdict: word.verdict }, `decision:${word.gate}`));
    else
      await again(() => app.events.emit({ id: `evt_${run}.${i}`, type: word.event, data: word.data, source: "test" }));
  }
  return again(() => app.kernel.settled(run, SETTLED_MS));
}
