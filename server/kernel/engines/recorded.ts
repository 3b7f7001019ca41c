import { fail } from "@regent/contract";
import type { Lane, RecordedStep } from "../engine.ts";
import { createLane, type Operations } from "../lane.ts";

/**
 * A lane that only reads: what was recorded is returned, what was not never comes. Interpreting a run over it gives
 * the run's page, from the same code that runs it.
 */
export function createRecordedLane(history: RecordedStep[]): Lane {
  const recorded = new Map(history.map((step) => [step.id, step]));
  const never = new Promise<never>(() => {});
  const operations: Operations = {
    async step(id) {
      const step = recorded.get(id);
      return step === undefined ? never : step.output;
    },
    async receive(id) {
      const step = recorded.get(id);
      return step === undefined ? never : step.output;
    },
    async child(id, _name, run) {
      const started = recorded.get(id);
      const ended = recorded.get(id + 1);
      if (started === undefined || ended === undefined) return never;
      if (ended.failed) throw fail("sub_daemon_failed", { daemon: run.id, status: "cancelled" });
      return ended.output;
    },
  };
  return createLane(operations);
}
