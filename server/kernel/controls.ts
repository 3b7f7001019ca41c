import type { Database } from "#platform";
import { type AdmissionDeps, createAdmission } from "./admission.ts";
import type { RunControl } from "./frame.ts";
import type { RunInput } from "./run-input.ts";
import { Stop } from "./stop.ts";
import { CHANNEL, type KernelStore } from "./store.ts";

export interface ControlDeps extends AdmissionDeps {
  store: KernelStore;
  db: Pick<Database, "listen">;
  /** Called once a connection stands again. */
  connectionsLost(): void;
}

/** A takeover that lists a run just before its cancellation would revive it within this time. */
const RECENT_MS = 3_600_000;

/**
 * What people said to runs, as this process knows it: rows are the truth, notifications make it quick. Kept in memory
 * so that a run which nobody stops asks the database nothing.
 */
export async function createControls(deps: ControlDeps) {
  const { store, clock } = deps;
  const live = new Map<string, LiveRun>();
  let paused = new Set<string>();
  let cancelled = new Set<string>();

  async function reload(): Promise<void> {
    cancelled = new Set(await store.recentCancellations(new Date(clock.now() - RECENT_MS)));
    const before = paused;
    paused = new Set(await store.pausedRuns());
    for (const run of before) if (!paused.has(run)) live.get(run)?.freezes(false);
    for (const run of paused) if (!before.has(run)) live.get(run)?.freezes(true);
    for (const run of cancelled) live.get(run)?.stop.abort();
    for (const one of live.values()) one.placesChanged();
  }

  function hear(payload: string): void {
    const word = JSON.parse(payload) as { cancel?: string; pause?: string; resume?: string; place?: string };
    if (word.cancel !== undefined) {
      cancelled.add(word.cancel);
      live.get(word.cancel)?.stop.abort();
    }
    if (word.pause !== undefined) {
      paused.add(word.pause);
      live.get(word.pause)?.freezes(true);
    }
    if (word.resume !== undefined) {
      paused.delete(word.resume);
      live.get(word.resume)?.freezes(false);
    }
    if (word.place !== undefined) live.get(word.place)?.placesChanged();
  }

  const afterGap = () => {
    deps.connectionsLost();
    reload().catch((error: unknown) => deps.log.warn(`Pauses and cancellations could not be read: ${error}`));
  };
  const stopListening = await deps.db.listen(CHANNEL, hear, afterGap);
  await reload();

  return {
    hear,
    isPaused: (run: string): boolean => paused.has(run),
    isCancelled: (run: string): boolean => cancelled.has(run),
    /** The run is over here: nothing of it is kept. */
    forget: (run: string): void => {
      live.delete(run);
    },
    of(run: string, input: RunInput, keyed: boolean): RunControl {
      const one = new LiveRun(() => paused.has(run));
      if (keyed) one.admit(createAdmission(deps, run, input, one));
      if (cancelled.has(run)) one.stop.abort();
      live.set(run, one);
      return one;
    },
    close: () => stopListening(),
  };
}

/** One run that goes on here. Lists of listeners are made when somebody listens: most runs are never paused. */
export class LiveRun implements RunControl {
  readonly stop = new Stop();
  readonly #isPaused: () => boolean;
  #admission: ReturnType<typeof createAdmission> | undefined;
  #freezing: Set<(frozen: boolean) => void> | undefined;
  #places: Set<() => void> | undefined;

  constructor(isPaused: () => boolean) {
    this.#isPaused = isPaused;
  }

  get freeze(): RunControl["freeze"] {
    return {
      isFrozen: this.#isPaused,
      onChange: (listener) => {
        this.#freezing ??= new Set();
        this.#freezing.add(listener);
        return () => this.#freezing?.delete(listener);
      },
    };
  }

  async unpaused(): Promise<void> {
    while (this.#isPaused() && !this.stop.aborted)
      await new Promise<void>((resolve) => {
        const forget = this.freeze.onChange(() => done());
        const done = () => {
          forget();
          this.stop.offAbort(done);
          resolve();
        };
        this.stop.onAbort(done);
      });
  }

  async enter(): Promise<void> {
    await this.#admission?.enter();
  }

  leave(): void {
    this.#admission?.leave();
  }

  admit(admission: ReturnType<typeof createAdmission>): void {
    this.#admission = admission;
  }

  freezes(frozen: boolean): void {
    for (const listener of [...(this.#freezing ?? [])]) listener(frozen);
  }

  placesChanged(): void {
    for (const wake of [...(this.#places ?? [])]) wake();
  }

  /** Resolves when somebody says that places changed, when the run is stopped, or after the time given. */
  placesToChange(atMostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#places?.delete(done);
        this.stop.offAbort(done);
        resolve();
      };
      const timer = setTimeout(done, atMostMs);
      this.#places ??= new Set();
      this.#places.add(done);
      this.stop.onAbort(done);
    });
  }
}

export type Controls = Awaited<ReturnType<typeof createControls>>;
