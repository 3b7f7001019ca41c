import type { JsonObject } from "@regent/contract";
import type { Expressions } from "#expressions";
import type { Clock, Digest } from "#platform";
import type { LiveRun } from "./controls.ts";
import { type Definitions, systemTimers } from "./frame.ts";
import { persist } from "./operational.ts";
import type { RunInput } from "./run-input.ts";
import type { KernelStore } from "./store.ts";

export interface AdmissionDeps {
  store: Pick<KernelStore, "requestPlace" | "releasePlace" | "tell">;
  clock: Clock;
  definitions: Pick<Definitions, "daemon">;
  names(digest: Digest): Promise<JsonObject>;
  expressions: Pick<Expressions, "render">;
  log: { warn(text: string): void };
}

interface Rule {
  key: string;
  limit: number;
  hold: boolean;
}

/** A notification may be lost while the connection is down: places are asked for again at this distance. */
const ASK_AGAIN_MS = 10_000;

/** The place of a run among those with its concurrency key, held while at least one lane works. */
export function createAdmission(deps: AdmissionDeps, run: string, input: RunInput, live: LiveRun) {
  const { store, clock } = deps;
  let lanes = 0;
  let held = false;
  let turn: Promise<void> = Promise.resolve();
  let rule: Promise<Rule> | undefined;

  const ruleOf = (): Promise<Rule> => {
    rule ??= persist(systemTimers, () => readRule(deps, input));
    return rule;
  };

  async function acquire(): Promise<void> {
    const { key, limit } = await ruleOf();
    while (!held && !live.stop.aborted) {
      held = await persist(systemTimers, () =>
        store.requestPlace(run, key, limit, input.priority ?? 0, new Date(clock.now())),
      );
      if (!held) await live.placesToChange(ASK_AGAIN_MS);
    }
  }

  async function release(): Promise<void> {
    const { key, limit, hold } = await ruleOf();
    if (hold || lanes > 0 || !held) return;
    held = false;
    await persist(systemTimers, async () => {
      for (const next of await store.releasePlace(run, key, limit)) await store.tell({ place: next });
    });
  }

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn.then(work, work);
    return turn;
  };

  return {
    async enter(): Promise<void> {
      lanes += 1;
      await inTurn(acquire);
    },
    leave(): void {
      lanes -= 1;
      if (lanes === 0 && held)
        inTurn(release).catch((error: unknown) => deps.log.warn(`A place was not given back: ${error}`));
    },
  };
}

async function readRule(deps: AdmissionDeps, input: RunInput): Promise<Rule> {
  const daemon = await deps.definitions.daemon(input.daemon.digest);
  const { key, limit, holdWhileWaiting } = daemon.concurrency!;
  const scope = { ...(await deps.names(input.names)), ...input.inputs, inputs: input.inputs };
  const rendered = deps.expressions.render(key, scope);
  const text = typeof rendered === "string" ? rendered : JSON.stringify(rendered);
  return { key: `${daemon.id}/${text}`, limit, hold: holdWhileWaiting };
}
