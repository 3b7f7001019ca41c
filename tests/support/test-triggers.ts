/** A database, a clock, a company and a kernel that only remembers, for tests of triggers. */
import type { Daemon, DaemonTrigger, Json, JsonObject } from "@regent/contract";
import { fail } from "@regent/contract";
import { createExpressions } from "#expressions";
import type { Pinned, StartRequest } from "#kernel";
import { createIds, silentLog, systemRandom } from "#platform";
import { createTriggers, type TriggersDeps } from "#triggers";
import { testDatabase } from "./database.ts";
import { fakeClock } from "./fake-clock.ts";

export interface TestCompany {
  daemons?: Record<string, DaemonTrigger[]>;
  triggers?: Record<string, JsonObject>;
  timezone?: string;
}

export async function testTriggers(company: TestCompany) {
  const test = await testDatabase();
  const clock = fakeClock();
  const ids = createIds({ clock, random: systemRandom });
  /** Every call, also repeated ones; `runs` holds each run once. */
  const calls: StartRequest[] = [];
  const runs = new Map<string, StartRequest>();
  const messages = new Map<string, { run: string; topic: string; message: Json; key: string }>();
  const faults = {
    /** Thrown instead of starting. */
    start: undefined as Error | undefined,
    /** Thrown after starting: the answer was lost. */
    afterStart: undefined as Error | undefined,
    /** By daemon. */
    sick: new Map<string, Error>(),
    gone: new Set<string>(),
  };

  function worker(of: TestCompany, change: Partial<TriggersDeps> = {}) {
    let current = toCompany(of);
    const triggers = createTriggers({
      db: test.database,
      clock,
      ids,
      log: silentLog,
      expressions: createExpressions(),
      companies: {
        current: () => current,
        async pin(daemon) {
          const found = current.daemons.get(daemon);
          if (!found) throw fail("not_found", { what: "daemon" });
          return {
            digest: "sha256:",
            daemon: found,
            pins: {},
            names: { company: { id: "main" } },
          } as unknown as Pinned;
        },
      },
      runs: {
        async start(request) {
          const fault = faults.start ?? faults.sick.get(request.pinned.daemon.id);
          if (fault) throw fault;
          calls.push(request);
          runs.set(request.id!, runs.get(request.id!) ?? request);
          if (faults.afterStart) throw faults.afterStart;
          return request.id!;
        },
        async send(run, topic, message, key) {
          if (faults.gone.has(run)) throw fail("not_found", { what: "run" });
          if (!messages.has(`${run} ${key}`)) messages.set(`${run} ${key}`, { run, topic, message, key });
        },
      },
      ...change,
    });
    return Object.assign(triggers, {
      load(next: TestCompany) {
        current = toCompany(next);
      },
    });
  }

  return { test, clock, calls, runs, messages, faults, worker, ...worker(company), ticks: () => ticksOf(runs) };
}

/** The moments whose runs were started, in order. */
const ticksOf = (runs: Map<string, StartRequest>): string[] =>
  [...runs.values()].map((request) => String(request.event?.["at"])).toSorted();

function toCompany({ daemons = {}, triggers = {}, timezone = "UTC" }: TestCompany) {
  const entries = Object.entries(daemons).map(([id, own]): [string, Daemon] => [
    id,
    { id, name: id, version: "1.0.0", inputs: [], triggers: own, uses: [], cachePaths: [], stages: [] },
  ]);
  return { daemons: new Map(entries), triggers: new Map(Object.entries(triggers)), timezone };
}
