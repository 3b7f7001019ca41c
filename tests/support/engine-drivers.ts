/** Both engines under the suite that both must pass. */
import { createDbosEngine, createSimulatedEngine, type Engine, type EngineRun, type Program } from "#kernel";
import { createOwnerPool, silentLog } from "#platform";
import { testDatabase } from "./database.ts";
import { withEngine } from "./kernel-app.ts";

/** What the suite may do to an engine. */
export interface EngineDriver {
  readonly engine: Engine;
  /** The run, once it has come to its end or was cancelled. */
  ended(run: string): Promise<EngineRun>;
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
  /** Lets so much of the engine's time pass. */
  pass(ms: number): Promise<void>;
  /** A new engine goes on with the record of this one. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** The engine with a virtual clock. A restart leaves the old one where it is, with all that it has in hand. */
export async function simulatedEngine(program: Program, seed: number): Promise<EngineDriver> {
  let engine = createSimulatedEngine({ program, seed });
  await engine.launch();
  const pass = async (ms: number) => void (await engine.settle(engine.now() + ms));
  return {
    get engine() {
      return engine;
    },
    async ended(run) {
      await engine.settle();
      return (await engine.find(run))!;
    },
    until: (holds) => look(holds, () => pass(10)),
    pass,
    async restart() {
      engine = createSimulatedEngine({ program, seed: seed + 1 }, engine.store);
      await engine.launch();
    },
    close: async () => {},
  };
}

/** The engine on PostgreSQL. A restart is an orderly one: the crash tests kill processes. */
export async function durableEngine(program: Program): Promise<EngineDriver> {
  const test = await testDatabase({ prepare: withEngine });
  const pool = createOwnerPool({ url: test.url, max: 10, log: silentLog, mayExit: true });
  let lives = 0;
  const boot = async (): Promise<Engine> => {
    lives += 1;
    const made = await createDbosEngine({
      ...{
        program,
        pool,
        url: test.url,
        works: true,
        exclusive: true,
        executor: `conformance-${process.pid}-${lives}`,
      },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      queuePollMs: 20,
    });
    await made.launch();
    return made;
  };
  let engine = await boot();
  const isOver = async (run: string): Promise<boolean> => {
    const { status } = (await engine.find(run)) ?? { status: "queued" };
    return status === "ended" || status === "cancelled";
  };
  return {
    get engine() {
      return engine;
    },
    async ended(run) {
      await look(
        () => isOver(run),
        () => realTime(10),
      );
      return (await engine.find(run))!;
    },
    until: (holds) => look(holds, () => realTime(5)),
    pass: realTime,
    async restart() {
      await engine.shutdown(0);
      engine = await boot();
    },
    async close() {
      await engine.shutdown(0);
      await pool.end();
      await test.close();
    },
  };
}

const realTime = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function look(holds: () => boolean | Promise<boolean>, between: () => Promise<void>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 2_000) throw new Error("What was waited for never came.");
    await between();
  }
}
