import { AsyncLocalStorage } from "node:async_hooks";
import { DBOS, DBOSClient, Error as DbosErrors } from "@dbos-inc/dbos-sdk";
import { fail, type Json } from "@regent/contract";
import type pg from "pg";
import { type Engine, type EngineRun, INTERPRETER, type Program, type RecordedStep } from "../engine.ts";
import { CHILD_END, type ChildEnd, type Process, registeredRun, serve, stopServing } from "./dbos-run.ts";
import { createLeases } from "./leases.ts";
import { allowMessages, createLeaseStore } from "./store.ts";
import { createWaits } from "./waits.ts";

export interface DbosEngineOptions {
  program: Program;
  /** The owner's pool (statements prepared), and the address of the same database. */
  pool: pg.Pool;
  url: string;
  /** Unique for this process start: a lease with this name is renewed while it lives. */
  executor: string;
  /** `api` processes start runs and read them; they run none. */
  works: boolean;
  /** True when no other process can work on this database: whatever others left is taken over at once. */
  exclusive: boolean;
  /** A process that does not renew for this long is dead. Default 5,000. */
  leaseMs?: number;
  /** The role that writes messages and starts inside its own transactions. */
  applicationRole?: string;
  log: { debug(text: string): void; info(text: string): void; warn(text: string): void; error(text: string): void };
  /** How often queues are looked at: runs started by other processes, or taken over. */
  queuePollMs?: number;
  /** How many runs this process takes from the queue at a time; those that wait count. Default: no limit. */
  takesAtMost?: number;
  /** Named moments between two durable writes; the crash tests end the process there. */
  probe?: (moment: string) => void;
}

const CHILD_POLL_MS = 200;
/** How often queues are looked at where other processes may fill them, and where only this one does. */
const QUEUE_POLL_MS = {
  shared: { runs: 50, recovery: 100 },
  alone: { runs: 250, recovery: 100 },
  later: { runs: 2_000, recovery: 2_000 },
};
/** The engine listens again a second after it lost its connection, and later where the database is away longer. */
const SWEEP_AFTER_MS = [1_500, 4_000, 10_000];
/** A step needs a few statements to reach its body. */
const ARRIVAL_MS = 2_000;
/** What a dead process left is taken over by then; after it only a rare run passes through a queue. */
const RELAX_AFTER_MS = 30_000;

/** Durable execution by DBOS Transact on PostgreSQL. One such engine at a time in a process. */
export async function createDbosEngine(options: DbosEngineOptions): Promise<Engine> {
  const { pool, url, works, log } = options;
  const outside = AsyncLocalStorage.snapshot();
  const logger = loggerOf(log);
  const store = createLeaseStore(pool);
  const waits = createWaits(store);
  const process: Process = {
    program: options.program,
    probe: options.probe ?? (() => {}),
    live: new Set(),
    waits,
    stepsAtWork: 0,
    stepsOnTheirWay: 0,
    stopping: false,
  };
  const leases = createLeases({ ...options, store, waits, isLive: (run) => process.live.has(run) });
  let client: DBOSClient;
  let launched = false;
  let relaxing: NodeJS.Timeout | undefined;

  /** Runs that were started here and go on here; others are asked for. */
  const followed = new Map<string, Promise<Json>>();
  function follow(run: string, result: Promise<Json>): void {
    followed.set(run, result);
    const forget = () => followed.delete(run);
    result.then(forget, forget);
  }

  /** Runs that wait are left as they are; steps at work are given time, and those on their way must arrive. */
  async function stepsDone(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (process.stepsAtWork > 0 && Date.now() < deadline) await after(10);
    while (process.stepsOnTheirWay > 0 && Date.now() < deadline + ARRIVAL_MS) await after(5);
  }

  /** Limits of queues live in the database and may change while they are looked at. */
  async function registerQueues(poll: { runs: number; recovery: number }): Promise<void> {
    const limit = options.takesAtMost === undefined ? {} : { workerConcurrency: options.takesAtMost };
    for (const name of ["runs", "recovery"] as const)
      await DBOS.registerQueue(name, {
        ...(name === "runs" ? limit : {}),
        minPollingIntervalMs: options.queuePollMs ?? poll[name],
        onConflict: "always_update",
      }).catch((error: unknown) => log.warn(`The queue ${name} could not be set: ${error}`));
  }

  const clientOf = (): DBOSClient => client;
  const listOne = async (id: string): Promise<EngineRun | null> => {
    const [row] = await outside(() => clientOf().listWorkflows({ workflowIDs: [id], workflowName: "run" }));
    return row === undefined ? null : toEngineRun(row);
  };

  return {
    async start(run, tx) {
      if (tx === undefined && works && launched) {
        const handle = await outside(() =>
          DBOS.startWorkflow(registeredRun, { workflowID: run.id })(run.id, run.input),
        );
        follow(run.id, handle.getResult());
        return;
      }
      const enqueue = {
        ...{ workflowName: "run", queueName: "runs", workflowID: run.id, appVersion: INTERPRETER },
        ...(run.priority === undefined ? {} : { priority: run.priority }),
      };
      if (tx === undefined) await outside(() => clientOf().enqueue(enqueue, run.id, run.input));
      else await outside(() => clientOf().enqueueInTransaction(tx.client, enqueue, run.id, run.input));
    },
    async send(run, topic, message, key, tx) {
      try {
        if (tx === undefined) await outside(() => clientOf().send(run, message, topic, key));
        else await outside(() => clientOf().sendInTransaction(tx.client, run, message, topic, key));
      } catch (error) {
        if (error instanceof DbosErrors.DBOSNonExistentWorkflowError) throw fail("not_found", { what: "run" }, error);
        throw error;
      }
    },
    async ended(run, timeoutMs) {
      const here = followed.get(run);
      if (here !== undefined) return Promise.race([here.catch(() => null), after(timeoutMs)]);
      for (const deadline = Date.now() + timeoutMs; ; ) {
        const found = await listOne(run);
        if (found === null) throw fail("not_found", { what: "run" });
        if (found.status === "ended") return found.output;
        if (found.status === "cancelled" || Date.now() >= deadline) return null;
        await after(Math.min(CHILD_POLL_MS, Math.max(1, deadline - Date.now())));
      }
    },
    cancel: (run) => outside(() => clientOf().cancelWorkflow(run)),
    find: listOne,
    async history(run) {
      const steps = (await outside(() => clientOf().listWorkflowSteps(run))) ?? [];
      return steps.map(
        (step): RecordedStep => ({
          id: step.functionID,
          name: step.name,
          ...(step.name === CHILD_END
            ? toOutput(step.output as ChildEnd)
            : { output: (step.output ?? null) as Json, failed: false }),
          child: step.childWorkflowID ?? null,
          startedAt: step.startedAtEpochMs ?? 0,
          endedAt: step.completedAtEpochMs ?? 0,
        }),
      );
    },
    async list({ offset, limit }) {
      const rows = await outside(() =>
        clientOf().listWorkflows({ workflowName: "run", sortDesc: true, limit, offset }),
      );
      return rows.map(toEngineRun);
    },
    remove: (runs) => outside(() => clientOf().deleteWorkflows(runs)),
    connectionsLost() {
      for (const ms of SWEEP_AFTER_MS)
        setTimeout(
          () => void waits.sweep().catch((error: unknown) => log.debug(`Waits are looked at later: ${error}`)),
          ms,
        ).unref();
    },
    async launch() {
      const shared = { systemDatabaseUrl: url, systemDatabasePool: pool, logger };
      if (works) {
        serve(process);
        DBOS.setConfig({
          ...shared,
          ...{ name: "regent", serializer: plainJson, applicationVersion: INTERPRETER, executorID: options.executor },
          ...{ tracingEnabled: false, systemDatabasePollingConcurrency: 12 },
        });
        await leases.hold();
        await DBOS.launch();
        await registerQueues(options.exclusive ? QUEUE_POLL_MS.alone : QUEUE_POLL_MS.shared);
        if (options.exclusive)
          relaxing = setTimeout(() => void registerQueues(QUEUE_POLL_MS.later), RELAX_AFTER_MS).unref();
      }
      client = await DBOSClient.create({ ...shared, serializer: plainJson, applicationName: "regent" });
      if (options.applicationRole !== undefined) await allowMessages(pool, options.applicationRole);
      launched = true;
      if (works)
        await leases.start((runs) => outside(() => clientOf().resumeWorkflows(runs, { queueName: "recovery" })));
    },
    async shutdown(timeoutMs) {
      clearTimeout(relaxing);
      await leases.stop();
      if (works && launched) {
        process.stopping = true;
        await stepsDone(timeoutMs);
        await DBOS.shutdown();
      }
      if (launched) await client.destroy();
      launched = false;
      if (works) stopServing();
      await leases.release();
    },
  };
}

const after = (ms: number): Promise<null> => new Promise((resolve) => setTimeout(() => resolve(null), ms).unref());

const plainJson = {
  name: () => "json",
  stringify: (value: unknown): string => JSON.stringify(value ?? null),
  parse: (text: string | null | undefined): unknown => (text === null || text === undefined ? null : JSON.parse(text)),
};

const toOutput = (end: ChildEnd): Pick<RecordedStep, "output" | "failed"> =>
  "cancelled" in end ? { output: null, failed: true } : { output: end.value, failed: false };

type Row = Awaited<ReturnType<DBOSClient["listWorkflows"]>>[number];

const STATUS: Record<string, EngineRun["status"]> = {
  PENDING: "running",
  ENQUEUED: "queued",
  DELAYED: "queued",
  CANCELLED: "cancelled",
};

const toEngineRun = (row: Row): EngineRun => ({
  id: row.workflowID,
  input: (row.input?.[1] ?? null) as Json,
  status: STATUS[row.status] ?? "ended",
  output: (row.output ?? null) as Json,
  createdAt: row.createdAt,
  startedAt: row.dequeuedAt ?? null,
  endedAt: row.completedAt ?? null,
});

const loggerOf = (log: DbosEngineOptions["log"]) => {
  const text = (entry: unknown): string => (entry instanceof Error ? entry.message : String(entry));
  return {
    info: (entry: unknown) => log.debug(text(entry)),
    debug: () => {},
    warn: (entry: unknown) => log.debug(text(entry)),
    error: (entry: unknown) => log.warn(text(entry)),
  };
};
