import { AsyncLocalStorage } from "node:async_hooks";
import { DBOS, DBOSWorkflowConflictError, Error as DbosErrors } from "@dbos-inc/dbos-sdk";
import { getCurrentContextStore, runWithParentContext } from "@dbos-inc/dbos-sdk/internal/context";
import type { Json } from "@regent/contract";
import { Interrupted, type Program, type StartRun } from "../engine.ts";
import { createLane, type Operations } from "../lane.ts";
import { isOutage, operationalWaitMs } from "../operational.ts";
import type { Waits } from "./waits.ts";

/** What the runs of this process share. */
export interface Process {
  program: Program;
  /** Named moments between two durable writes; the crash tests end the process there. */
  probe(moment: string): void;
  /** Runs that are led here at this moment. */
  live: Set<string>;
  waits: Waits;
  stepsAtWork: number;
  stepsOnTheirWay: number;
  /** From then on a run stays as it is recorded, as after a crash: what the engine throws at its end is nobody's error. */
  stopping: boolean;
}

/** LISTEN wakes a waiting lane, and lost notifications are sent again; this poll is for what nobody thought of. */
const POLL_MS = 3_600_000;
const CHILD_POLL_MS = 200;

/** Name and form of the step that holds how a child run ended. */
export const CHILD_END = "end of child";
export type ChildEnd = { value: Json } | { cancelled: true };

const outside = AsyncLocalStorage.snapshot();

/** What DBOS has registered is global to the process; which engine it serves is not. */
let here: Process | undefined;

export function serve(process: Process): void {
  if (here !== undefined) throw new Error("One durable engine at a time in a process.");
  here = process;
}

export function stopServing(): void {
  here = undefined;
}

export const registeredRun = DBOS.registerWorkflow(
  async (id: string, input: Json): Promise<Json> => {
    const process = here!;
    process.live.add(id);
    try {
      return await process.program({ id, input }, createLane(new DbosRun(process)));
    } catch (error) {
      throw error instanceof Interrupted ? error.cause : error;
    } finally {
      process.live.delete(id);
    }
  },
  { name: "run", maxRecoveryAttempts: 1_000_000 },
);

type Handle = Awaited<ReturnType<ReturnType<typeof DBOS.startWorkflow<[string, Json], Json>>>>;
type Context = NonNullable<ReturnType<typeof getCurrentContextStore>>;

/** Operations inside one run. Each call runs with its own copy of the engine's context, set to the id it must use. */
class DbosRun implements Operations {
  readonly #process: Process;
  readonly #context: Context;

  constructor(process: Process) {
    this.#process = process;
    this.#context = getCurrentContextStore()!;
  }

  async step(id: number, name: string, body: () => Promise<Json>): Promise<Json> {
    const process = this.#process;
    process.probe("before step");
    // What could not be recorded is recorded again, not done again.
    let done: Promise<Json> | undefined;
    const once = async (): Promise<Json> => {
      done ??= body();
      const result = await done;
      process.probe("after body");
      return result;
    };
    process.stepsAtWork += 1;
    try {
      const value = await this.#record(id, name, once);
      process.probe("after step");
      return value;
    } finally {
      process.stepsAtWork -= 1;
    }
  }

  /**
   * While the engine closes it fails steps that have not reached their body, and records that as their result. So from
   * the stop on none begins, and the stop waits for those that are on their way.
   */
  async #record<T>(id: number, name: string, body: () => Promise<T>): Promise<T> {
    const process = this.#process;
    if (process.stopping) return new Promise<never>(() => {});
    let onItsWay = true;
    process.stepsOnTheirWay += 1;
    const arrive = () => {
      if (onItsWay) process.stepsOnTheirWay -= 1;
      onItsWay = false;
    };
    const arrived = () => {
      arrive();
      return body();
    };
    return this.#under(id, () => DBOS.runStep(arrived, { name })).finally(arrive);
  }

  async receive(id: number, _name: string, topic: string, timeoutMs: number): Promise<Json | null> {
    const { probe, waits } = this.#process;
    probe("before receive");
    const wait = waits.begin(this.#context.workflowId!, topic);
    try {
      const options = { timeoutSeconds: timeoutMs / 1_000, pollingIntervalMs: POLL_MS };
      const message = await this.#under(id, () => DBOS.recv<Json>(topic, options));
      probe("after receive");
      return message;
    } finally {
      waits.end(wait);
    }
  }

  async child(id: number, _name: string, run: StartRun): Promise<Json> {
    const { probe } = this.#process;
    probe("before child");
    const handle = await this.#under(id, () =>
      DBOS.startWorkflow(registeredRun, { workflowID: run.id })(run.id, run.input),
    );
    probe("child started");
    const body = () => this.#endOf(handle);
    const end = await this.#record(id + 1, CHILD_END, body);
    probe("after child");
    if ("cancelled" in end) throw new Error(`The run ${run.id} was cancelled.`);
    return end.value;
  }

  /** The engine's own way records whatever it throws while it closes; only what became of the child may be recorded. */
  async #endOf(handle: Handle): Promise<ChildEnd> {
    for (let tries = 0; ; tries++) {
      try {
        return { value: await outside(() => handle.getResult({ pollingIntervalMs: CHILD_POLL_MS })) };
      } catch (error) {
        if (this.#process.stopping) return new Promise<never>(() => {});
        if (!isOutage(error)) return { cancelled: true };
        await new Promise((resolve) => setTimeout(resolve, operationalWaitMs(tries)));
      }
    }
  }

  async #under<T>(id: number, work: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await runWithParentContext(this.#context, { curWFFunctionId: id }, work);
      } catch (error) {
        if (this.#process.stopping) return new Promise<never>(() => {});
        if (isInterruption(error, this.#context.workflowId)) throw new Interrupted("interrupted", { cause: error });
        if (!isOutage(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, operationalWaitMs(tries)));
      }
    }
  }
}

const isInterruption = (error: unknown, run: string | undefined): boolean =>
  error instanceof DBOSWorkflowConflictError ||
  (error instanceof DbosErrors.DBOSWorkflowCancelledError && error.workflowID === run);
