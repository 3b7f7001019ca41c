import type { Json } from "@regent/contract";
import type { Clock, Database } from "#platform";
import type { ModelAnswer } from "./gateway.ts";
import * as store from "./store.ts";

/**
 * What model calls cost, and what runs may still spend. `spent + held ≤ limit` is kept by the statement that takes
 * the hold, so that any number of workers together cannot overrun it.
 *
 * A hold that nobody settles (the process died while the provider worked) is charged in full when the call is made
 * again or its time is over: the provider may well have asked for the money.
 */
export interface Ledger {
  /** The answer that this call had before, while it is kept. */
  find(run: string, key: string): Promise<ModelAnswer | undefined>;
  /** A call of a run without a limit. */
  begin(call: Call): Promise<void>;
  /** Takes as much as there is between `least` and `most` nano-dollars, or nothing. */
  hold(hold: Hold): Promise<Held>;
  settle(settle: Settle): Promise<void>;
  record(call: Call, answer: ModelAnswer): Promise<void>;
}

export interface Call {
  run: string;
  key: string;
  provider: string;
  model: string;
}

export interface Hold extends Call {
  limitNanos: number;
  least: number;
  most: number;
  /** A hold that is older is lost. */
  ttlMs: number;
}

export type Held = { taken: number; hold: number } | { taken: null; spent: number };

export interface Settle {
  run: string;
  key: string;
  /** Which hold; null: the run has no limit. */
  hold: number | null;
  /** `nanos: null`: no price is known. */
  used: { nanos: number | null; input: number; cacheRead: number; cacheWrite: number; output: number };
}

/** A run may rest for weeks before it makes the same call again; answers are kept as long. */
const ANSWERS_KEPT_MS = 30 * 24 * 3_600_000;

export function createLedger(database: Database, clock: Clock): Ledger {
  let forgotAt = clock.now();
  return {
    find: async (run, key) => (await store.findAnswer(database, run, key)) as ModelAnswer | undefined,
    begin: (call) => store.beginCall(database, call, clock.now()),
    hold: (hold) => store.takeHold(database, hold, clock.now()),
    settle: (settle) => store.settleCall(database, settle, clock.now()),
    record: async ({ run, key }, answer) => {
      const at = clock.now();
      await store.recordAnswer(database, run, key, answer as unknown as Json, at);
      if (at - forgotAt < 3_600_000) return;
      forgotAt = at;
      await store.forgetAnswers(database, at - ANSWERS_KEPT_MS);
    },
  };
}
