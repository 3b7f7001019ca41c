/** The same daemons with gates on either engine: who waits is a real approval in a real database. */
import type { Approval, Daemon, GateStage, Json, Run, Stage } from "@regent/contract";
import { type Approvals, createApprovals } from "#approvals";
import type { Performers, SimulatedStore } from "#kernel";
import { createIds, systemRandom } from "#platform";
import { testDatabase } from "./database.ts";
import { type KernelApp, startKernel, withEngine } from "./kernel-app.ts";
import { createWorld, register, runInput, simulate } from "./kernel-world.ts";
import { gate } from "./test-approvals.ts";

/** What a test may do to a run on some engine. */
export interface GateDriver {
  name: string;
  approvals: Approvals;
  start(run: string, daemon: Daemon): Promise<void>;
  /** The open approval of the run, once it is there. */
  asked(run: string): Promise<Approval>;
  /** The run, once it has ended. */
  ended(run: string): Promise<Run>;
  cancel(run: string): Promise<void>;
  /** Executions of the stages that are not gates, by name. */
  worked: string[];
  close(): Promise<void>;
}

export const gateStage = (id: string, fields: Partial<GateStage> = {}): Stage => ({ ...gate(fields), id, name: id });

/** A stage that notes that it ran and returns its input. */
export const workPerformers = (worked: string[]): Performers => ({
  tool: {
    async perform(stage, job) {
      const value = await job.step<Json>("tool", stage.tool, async () => {
        worked.push(stage.id);
        return { value: job.input };
      });
      return { output: value };
    },
  },
});

/**
 * The simulated engine with real approvals. Its clock jumps over waits only when nothing real is at work. `crash` ends
 * the process at a moment; what is committed stays.
 */
export async function simulatedGates(options: { seed: number; crashAt?: number } = { seed: 1 }) {
  const test = await testDatabase();
  const world = createWorld();
  const worked: string[] = [];
  let store: SimulatedStore | undefined;
  let crashes = 0;
  let atWork = 0;
  let engine = boot(0);
  await engine.launch();

  function boot(life: number) {
    const now = () => next.now();
    const busy = async <T>(work: () => Promise<T>): Promise<T> => {
      atWork += 1;
      return work().finally(() => (atWork -= 1));
    };
    const approvals = createApprovals({
      db: {
        ...test.database,
        query: (sql, values) => busy(() => test.database.query(sql, values)),
        transaction: (work) => busy(() => test.database.transaction(work)),
      },
      clock: { now },
      ids: createIds({ clock: { now }, random: systemRandom }),
      runs: { send: (run, topic, m, key) => next.send(run, topic, { m, at: now() }, key) },
      events: { emit: async () => "evt_none" },
    });
    const next = Object.assign(
      simulate(
        world,
        { ...workPerformers(worked), gate: approvals.performer },
        {
          seed: options.seed * 1_000 + life,
          ...(store === undefined ? {} : { store }),
          crash: (_moment, count) => {
            if (crashes > 0 || count !== options.crashAt) return false;
            crashes += 1;
            return true;
          },
          busy: () => atWork > 0,
        },
      ),
      { approvals },
    );
    return next;
  }

  /** Until nothing is left to do but to wait for somebody. */
  async function settle(): Promise<void> {
    while ((await engine.settle()) === "crashed") {
      store = engine.store;
      engine = boot(crashes);
      await engine.launch();
    }
  }

  const driver: GateDriver & { crashes(): number; settle(): Promise<void>; now(): number } = {
    name: "simulated",
    worked,
    get approvals() {
      return engine.approvals;
    },
    async start(run, daemon) {
      await engine.start({ id: run, input: runInput(register(world, daemon), daemon) });
    },
    async asked(run) {
      await settle();
      const { items } = await engine.approvals.list({ run, status: "open", limit: 1 });
      if (!items[0]) throw new Error(`${run} asks nothing: ${JSON.stringify((await engine.read(run)).run.stages)}`);
      return items[0];
    },
    async ended(run) {
      await settle();
      return (await engine.read(run)).run;
    },
    async cancel(run) {
      await engine.cancelRun(run);
      await engine.approvals.runEnded(run);
    },
    close: () => test.close(),
    crashes: () => crashes,
    settle,
    now: () => engine.now(),
  };
  return driver;
}

/** The durable engine: the kernel as it runs in production, on its own database. */
export async function durableGates(): Promise<GateDriver & { app: KernelApp }> {
  const test = await testDatabase({ prepare: withEngine });
  const worked: string[] = [];
  const app = await startKernel({ url: test.url, performers: workPerformers(worked), gates: true });
  return {
    name: "durable",
    app,
    worked,
    approvals: app.approvals,
    async start(run, daemon) {
      await app.kernel.start({ id: run, pinned: app.pinned(daemon), inputs: {}, trigger: { kind: "manual" } });
    },
    async asked(run) {
      for (;;) {
        const { items } = await app.approvals.list({ run, status: "open", limit: 1 });
        if (items[0]) return items[0];
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    ended: (run) => app.kernel.settled(run, 20_000),
    cancel: (run) => app.kernel.cancel(run, "kim"),
    async close() {
      await app.close();
      await test.close();
    },
  };
}
