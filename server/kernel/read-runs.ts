import { fail, type JsonObject, type RunSummary } from "@regent/contract";
import type { Engine, EngineRun } from "./engine.ts";
import { type Reading, readRun, type ViewDeps } from "./view.ts";

export interface ReaderDeps extends ViewDeps {
  engine(): Engine;
  isPaused(run: string): boolean;
}

/** Runs as the engine's record has them at this moment. */
export function createReader(deps: ReaderDeps) {
  const readFrom = async (found: EngineRun): Promise<Reading> =>
    readRun(deps, found, await deps.engine().history(found.id), deps.isPaused(found.id));

  async function find(run: string): Promise<Reading | undefined> {
    const found = await deps.engine().find(run);
    return found === null ? undefined : readFrom(found);
  }

  return {
    find,
    readFrom,
    /** @throws not_found */
    async get(run: string): Promise<Reading> {
      const found = await find(run);
      if (found === undefined) throw fail("not_found", { what: "run" });
      return found;
    },
    /** @throws not_found, run_has_ended */
    async requireOpen(run: string): Promise<void> {
      const found = await deps.engine().find(run);
      if (found === null) throw fail("not_found", { what: "run" });
      if (found.status === "cancelled") throw fail("run_has_ended", { status: "cancelled" });
      if (found.status !== "ended") return;
      throw fail("run_has_ended", { status: String((found.output as JsonObject | null)?.status ?? "ended") });
    },
  };
}

export type Reader = ReturnType<typeof createReader>;

/** The line of a run in lists. */
export function toSummary({ run }: Reading): RunSummary {
  const { inputs: _inputs, output: _output, stages: _stages, ...summary } = run;
  return summary;
}
