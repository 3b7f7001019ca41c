import type { Run } from "@regent/contract";
import type { Clock } from "#platform";
import type { Controls } from "./controls.ts";
import type { Engine } from "./engine.ts";
import type { Definitions } from "./frame.ts";
import type { Reader } from "./read-runs.ts";
import type { RunInput } from "./run-input.ts";
import type { KernelStore } from "./store.ts";

export interface CancelDeps {
  store: KernelStore;
  engine(): Engine;
  controls: Controls;
  reader: Reader;
  definitions: Pick<Definitions, "daemon">;
  clock: Clock;
  /** Withdraws what a run that ended still asks for. */
  ended?: ((run: string) => Promise<void>) | undefined;
}

/**
 * The cancellation is a row first: whoever takes the run over later sees it. Then the engine refuses new steps, the
 * processes hear of it and stop what is at work, and the runs below follow.
 */
export async function cancelRun(deps: CancelDeps, run: string, by: string, reason: string | null): Promise<void> {
  const { store, controls } = deps;
  await store.recordCancellation(run, by, reason, new Date(deps.clock.now()));
  await deps.engine().cancel(run);
  controls.hear(JSON.stringify({ cancel: run }));
  await store.tell({ cancel: run });
  const reading = await deps.reader.find(run);
  for (const child of childrenOf(reading?.run.stages ?? [])) {
    const found = await deps.engine().find(child);
    if (found?.status === "queued" || found?.status === "running") await cancelRun(deps, child, by, reason);
  }
  await clearRun(deps, run);
}

/** Everything a run that ended may have left with others: its place, its open questions. */
export async function clearRun(deps: CancelDeps, run: string): Promise<void> {
  const place = await deps.store.placeOf(run);
  if (place !== undefined) await leavePlace(deps, run, place.key);
  await deps.ended?.(run);
}

async function leavePlace(deps: CancelDeps, run: string, key: string): Promise<void> {
  const input = (await deps.engine().find(run))?.input as unknown as RunInput | undefined;
  const daemon = input === undefined ? undefined : await deps.definitions.daemon(input.daemon.digest);
  for (const next of await deps.store.releasePlace(run, key, daemon?.concurrency?.limit ?? 1))
    await deps.store.tell({ place: next });
}

const childrenOf = (stages: Run["stages"]): string[] =>
  stages.flatMap((stage) => [...(stage.child === null ? [] : [stage.child]), ...childrenOf(stage.stages)]);
