import { fail, type Json } from "@regent/contract";
import type { Clock, Digest, Transaction } from "#platform";
import type { Engine } from "./engine.ts";
import type { CheckInputs, Definitions, InterpreterDeps } from "./frame.ts";
import type { Pinned, StartRequest } from "./kernel.ts";
import { missingParts } from "./missing.ts";
import type { Performers } from "./performer.ts";
import type { RunInput } from "./run-input.ts";

export interface BeginDeps {
  engine: Pick<Engine, "start">;
  performers: Performers;
  definitions: Definitions;
  checkInputs: CheckInputs;
  inputFiles: InterpreterDeps["inputFiles"];
  keepNames(names: Pinned["names"]): Promise<Digest>;
  clock: Clock;
}

/** What a start or a replay decides; the rest is the same for both. */
export type NewRun = Pick<RunInput, "inputs" | "trigger" | "event" | "priority" | "forkedFrom" | "reuse">;

/**
 * Checks that a run can go on to its end, and gives it to the engine.
 * @throws daemon_cannot_start, invalid_input  nothing was begun then
 */
export async function beginRun(
  deps: BeginDeps,
  id: string,
  { daemon, digest, pins, names }: Pinned,
  run: NewRun,
  tx?: Transaction,
): Promise<string> {
  const missing = await missingParts({ daemon, digest, pins, names }, deps.performers, deps.definitions);
  if (missing.length > 0) throw fail("daemon_cannot_start", { daemon: daemon.id, missing: missing.join("; ") });
  const checked = deps.checkInputs(daemon, run.inputs, names);
  if (checked.errors.length > 0) throw fail("invalid_input", { errors: checked.errors as unknown as Json });
  const input: RunInput = {
    ...run,
    daemon: { id: daemon.id, version: daemon.version, digest },
    pins,
    names: await deps.keepNames(names),
    inputs: checked.inputs,
    given: run.inputs,
    files: await deps.inputFiles(daemon, checked.inputs),
    queuedAt: deps.clock.now(),
  };
  const priority = run.priority === undefined ? {} : { priority: run.priority };
  await deps.engine.start({ id, input: input as unknown as Json, ...priority }, tx);
  return id;
}

export function toNewRun(request: StartRequest): NewRun {
  const priority = request.priority ?? request.pinned.daemon.priority;
  return {
    inputs: request.inputs,
    trigger: request.trigger,
    ...(request.event === undefined ? {} : { event: request.event }),
    ...(priority === undefined ? {} : { priority }),
  };
}
