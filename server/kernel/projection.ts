import type { RunSummary } from "@regent/contract";
import type { Clock } from "#platform";
import type { RunInput } from "./run-input.ts";
import type { KernelStore } from "./store.ts";
import { Tracker } from "./tracker.ts";
import { summaryOf } from "./view.ts";

export interface ProjectionDeps {
  store: Pick<KernelStore, "write">;
  clock: Clock;
  isPaused(run: string): boolean;
  log: { warn(text: string): void };
  /** Most time between a change and its row. Default 200. */
  delayMs?: number;
}

/**
 * Writes the lists' rows of the runs that go on here: what changed since the last time, in one statement. A row that
 * could not be written is tried again; a process that dies leaves rows behind that the next one writes.
 */
export function createProjection(deps: ProjectionDeps) {
  const delayMs = deps.delayMs ?? 200;
  const changed = new Map<string, () => RunSummary | null>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  function mark(run: string, summary: () => RunSummary | null): void {
    changed.set(run, summary);
    timer ??= setTimeout(() => void flush(), delayMs);
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(writeAll);
    return writing;
  }

  async function writeAll(): Promise<void> {
    if (changed.size === 0) return;
    const batch = new Map(changed);
    changed.clear();
    const summaries = [...batch.values()].flatMap((make) => make() ?? []);
    try {
      for (let i = 0; i < summaries.length; i += 1_000) await deps.store.write(summaries.slice(i, i + 1_000));
    } catch (error) {
      deps.log.warn(`Rows of runs wait to be written: ${error instanceof Error ? error.message : error}`);
      for (const [run, make] of batch) if (!changed.has(run)) changed.set(run, make);
      timer ??= setTimeout(() => void flush(), 1_000);
    }
  }

  return {
    /** A tracker whose changes become the run's row. */
    track(run: string, input: RunInput, onEnd: () => void): Tracker {
      const times = { createdAt: input.queuedAt, endedAt: null };
      const tracker: Tracker = new Tracker(() => {
        if (tracker.gone) {
          changed.delete(run);
          onEnd();
          return;
        }
        mark(run, () =>
          tracker.gone ? null : summaryOf(run, input, tracker, tracker.result, times, deps.isPaused(run)),
        );
        if (tracker.result === null) return;
        onEnd();
      });
      mark(run, () =>
        tracker.gone ? null : summaryOf(run, input, tracker, tracker.result, times, deps.isPaused(run)),
      );
      return tracker;
    },
    mark,
    flush,
    async close(): Promise<void> {
      await flush();
      clearTimeout(timer);
    },
  };
}

export type Projection = ReturnType<typeof createProjection>;
