import type { Expressions } from "#expressions";
import type { Clock, Database } from "#platform";
import { type Definitions, type RunControl, systemTimers } from "./frame.ts";
import { persist } from "./operational.ts";
import type { RunInput } from "./run-input.ts";
import { CHANNEL, type KernelStore } from "./store.ts";

export interface ControlDeps {
  store: KernelStore;
  db: Pick<Database, "listen">;
  clock: Clock;
  definitions: Pick<Definitions, "daemon">;
  expressions: Pick<Expressions, "render">;
  log: { warn(text: string): void };
}

/** A notification may be lost while the connection is down: places are asked for again at this distance. */
const ASK_AGAIN_MS = 10_000;
/** A takeover that lists a run just before its cancellation would revive it within this time. */
const RECENT_MS = 3_600_000;

interface Live {
  stop: AbortController;
  freezeListeners: Set<(frozen: boolean) => void>;
  unpause: Set<() => void>;
  place: Set<() => void>;
}

/**
 * What people said to runs, as this process knows it: rows are the truth, notifications make it quick. Kept in memory
 * so that a run which nobody stops asks the database nothing.
 */
export async function createControls(deps: ControlDeps) {
  const { store, clock } = deps;
  const live = new Map<string, Live>();
  let paused = new Set<string>();
  let cancelled = new Set<string>();

  async function reload(): Promise<void> {
    cancelled = new Set(await store.recentCancellations(new Date(clock.now() - RECENT_MS)));
    const now = new Set(await store.pausedRuns());
    const before = paused;
    paused = now;
    for (const run of before) if (!now.has(run)) resumed(run);
    for (const run of now) if (!before.has(run)) wasPaused(run);
    for (const run of cancelled) live.get(run)?.stop.abort();
    for (const one of live.values()) for (const wake of one.place) wake();
  }

  function hear(payload: string): void {
    if (payload === "") {
      void reload().catch((error: unknown) => deps.log.warn(`Pauses and cancellations could not be read: ${error}`));
      return;
    }
    const word = JSON.parse(payload) as { cancel?: string; pause?: string; resume?: string; place?: string };
    if (word.cancel !== undefined) {
      cancelled.add(word.cancel);
      live.get(word.cancel)?.stop.abort();
    }
    if (word.pause !== undefined) wasPaused(word.pause);
    if (word.resume !== undefined) resumed(word.resume);
    if (word.place !== undefined) for (const wake of live.get(word.place)?.place ?? []) wake();
  }

  function wasPaused(run: string): void {
    paused.add(run);
    for (const listener of live.get(run)?.freezeListeners ?? []) listener(true);
  }

  function resumed(run: string): void {
    paused.delete(run);
    const one = live.get(run);
    for (const listener of one?.freezeListeners ?? []) listener(false);
    for (const wake of one?.unpause ?? []) wake();
  }

  function liveOf(run: string): Live {
    const known = live.get(run);
    if (known !== undefined && !known.stop.signal.aborted) return known;
    const made: Live = {
      stop: new AbortController(),
      freezeListeners: new Set(),
      unpause: new Set(),
      place: new Set(),
    };
    if (cancelled.has(run)) made.stop.abort();
    live.set(run, made);
    return made;
  }

  const stopListening = await deps.db.listen(CHANNEL, hear, () => hear(""));
  await reload();

  return {
    hear,
    isPaused: (run: string): boolean => paused.has(run),
    isCancelled: (run: string): boolean => cancelled.has(run),
    /** The run is over here: nothing of it is kept. */
    forget: (run: string): void => {
      live.delete(run);
    },
    of(run: string, input: RunInput): RunControl {
      const one = liveOf(run);
      const admission = admissionOf(deps, run, input, one);
      return {
        signal: one.stop.signal,
        freeze: {
          isFrozen: () => paused.has(run),
          onChange(listener) {
            one.freezeListeners.add(listener);
            return () => one.freezeListeners.delete(listener);
          },
        },
        async unpaused() {
          while (paused.has(run) && !one.stop.signal.aborted)
            await new Promise<void>((resolve) => {
              const wake = () => {
                one.unpause.delete(wake);
                one.stop.signal.removeEventListener("abort", wake);
                resolve();
              };
              one.unpause.add(wake);
              one.stop.signal.addEventListener("abort", wake, { once: true });
            });
        },
        enter: () => admission.enter(),
        leave: () => admission.leave(),
      };
    },
    close: () => stopListening(),
  };
}

/** The place of a run among those with its concurrency key, held while at least one lane works. */
function admissionOf(deps: ControlDeps, run: string, input: RunInput, live: Live) {
  const { store, clock } = deps;
  let lanes = 0;
  let held = false;
  let turn: Promise<void> = Promise.resolve();
  let rule: Promise<{ key: string; limit: number; hold: boolean } | null> | undefined;

  const ruleOf = () => {
    rule ??= readRule();
    return rule;
  };
  const readRule = async () => {
    const daemon = await persist(systemTimers, () => deps.definitions.daemon(input.daemon.digest));
    if (daemon.concurrency === undefined) return null;
    const scope = { ...input.names, ...input.inputs, inputs: input.inputs };
    const key = deps.expressions.render(daemon.concurrency.key, scope);
    return {
      key: `${daemon.id}/${typeof key === "string" ? key : JSON.stringify(key)}`,
      limit: daemon.concurrency.limit,
      hold: daemon.concurrency.holdWhileWaiting,
    };
  };

  async function acquire(): Promise<void> {
    const place = await ruleOf();
    if (place === null) return;
    while (!held && !live.stop.signal.aborted) {
      held = await persist(systemTimers, () =>
        store.requestPlace(run, place.key, place.limit, input.priority ?? 0, new Date(clock.now())),
      );
      if (!held) await told(live);
    }
  }
  async function release(): Promise<void> {
    const place = await ruleOf();
    if (place === null || place.hold || lanes > 0 || !held) return;
    held = false;
    await persist(systemTimers, async () => {
      for (const next of await store.releasePlace(run, place.key, place.limit)) await store.tell({ place: next });
    });
  }
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn.then(work, work);
    return turn;
  };
  return {
    async enter(): Promise<void> {
      lanes += 1;
      if (rule !== undefined && (await rule) === null) return;
      await inTurn(acquire);
    },
    leave(): void {
      lanes -= 1;
      if (lanes === 0 && held)
        inTurn(release).catch((error: unknown) => deps.log.warn(`A place was not given back: ${error}`));
    },
  };
}

/** Resolves when somebody says that places changed, when the run is stopped, or after a while. */
function told(live: Live): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      live.place.delete(done);
      live.stop.signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ASK_AGAIN_MS);
    live.place.add(done);
    live.stop.signal.addEventListener("abort", done, { once: true });
  });
}
