import type { Daemon, Json, JsonObject } from "@regent/contract";
import type { Scope } from "./performer.ts";
import type { RunInput } from "./run-input.ts";

/** How a stage ended, as later stages may see it. */
export interface StageEnd {
  status: "succeeded" | "skipped" | "failed";
  output: Json;
  error?: { code: string; message: string };
}

/** Names that hold for the whole run, outermost first: what is set later hides what was set before. */
export function runScope(input: RunInput, names: JsonObject, runId: string, daemon: Daemon): Scope {
  const product = daemon.inputs.find((field) => field.type === "product");
  return {
    ...names,
    run: { id: runId, daemon: daemon.id, version: daemon.version },
    ...(product === undefined ? {} : { product: input.inputs[product.name] ?? null }),
    event: input.event ?? null,
    ...input.inputs,
    inputs: input.inputs as JsonObject,
  };
}

/** Adds the ends of stages that a stage transitively needs: nothing else, so that replays see the same. */
export function withEnds(scope: Scope, ends: Iterable<readonly [{ id: string; output?: string }, StageEnd]>): Scope {
  const outputs: Record<string, Json> = {};
  const stages: Record<string, Json> = { ...(scope.stages as JsonObject | undefined) };
  for (const [stage, end] of ends) {
    outputs[stage.id] = end.output;
    if (stage.output !== undefined) outputs[stage.output] = end.output;
    stages[stage.id] = { status: end.status, output: end.output, error: end.error ?? null };
  }
  return { ...scope, ...outputs, stages };
}
