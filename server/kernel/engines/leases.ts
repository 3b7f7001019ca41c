import type { DbosEngineOptions } from "./dbos.ts";
import type { LeaseStore } from "./store.ts";
import type { Waits } from "./waits.ts";

/** Workers without a lease are rare (an old version, a lost row) and looking for them reads every open run. */
const ORPHAN_BEATS = 24;
/** A lost connection mostly shows in a beat that fails, and then is asked at once; else after thirty seconds. */
const SWEEP_BEATS = 24;

/**
 * Who is alive. Each worker renews its lease four times in the lease's length; whoever finds a lease that ran out
 * claims it, puts the dead worker's runs on the recovery queue and removes it last, so a reaper's own death strands
 * nothing. The engine fences every write by owner: a worker that was only slow finds its runs gone, and nothing double.
 */
export function createLeases(
  options: Pick<DbosEngineOptions, "executor" | "exclusive" | "leaseMs" | "log"> & {
    /** Does this process lead the run at this moment? */
    isLive(run: string): boolean;
    waits: Waits;
    store: LeaseStore;
  },
) {
  const { executor, log } = options;
  const leaseMs = options.leaseMs ?? 5_000;
  const { store } = options;
  let timer: NodeJS.Timeout | undefined;
  let beat: Promise<void> = Promise.resolve();
  let stopped = false;

  async function takeOver(resume: (runs: string[]) => Promise<unknown>): Promise<void> {
    for (const dead of await store.claimDead(executor, leaseMs)) {
      for (let runs = await store.runsOf(dead, 500); runs.length > 0; runs = await store.runsOf(dead, 500)) {
        log.info(`Worker ${dead} is gone: going on with ${runs.length} of its runs.`);
        await resume(runs);
      }
      await store.remove(dead);
    }
  }

  /** Runs that are ours and that nobody leads: their end could not be written. Seen twice, so that none is just beginning. */
  let suspects = new Set<string>();
  async function reviveStalled(resume: (runs: string[]) => Promise<unknown>): Promise<void> {
    const idle = (await store.runsOf(executor, 50_000)).filter((run) => !options.isLive(run));
    const stalled = idle.filter((run) => suspects.has(run));
    suspects = new Set(idle);
    if (stalled.length === 0) return;
    log.info(`Going on with ${stalled.length} runs whose end could not be written.`);
    await resume(stalled);
  }

  return {
    async hold(): Promise<void> {
      await store.create();
      if (options.exclusive) await store.expireOthers(executor);
      await store.renew(executor, leaseMs);
    },
    async start(resume: (runs: string[]) => Promise<unknown>): Promise<void> {
      await store.findOrphans();
      await takeOver(resume);
      let beats = 0;
      let failed = false;
      const tick = async (): Promise<void> => {
        try {
          await store.renew(executor, leaseMs);
          if (++beats % ORPHAN_BEATS === 0) {
            await store.findOrphans();
            await reviveStalled(resume);
          }
          await takeOver(resume);
          if (failed || beats % SWEEP_BEATS === 0) await options.waits.sweep();
          failed = false;
        } catch (error) {
          failed = true;
          log.warn(`The lease could not be renewed: ${error instanceof Error ? error.message : error}`);
        }
        if (!stopped) timer = setTimeout(again, leaseMs / 4);
      };
      const again = () => {
        beat = tick();
      };
      timer = setTimeout(again, leaseMs / 4);
    },
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      await beat;
    },
    /** What is still open goes to the others at once. */
    release: (): Promise<void> => store.expire(executor).catch(() => {}),
  };
}
