import { isDeepStrictEqual } from "node:util";
import type { Json, Run, StageView } from "@regent/contract";

export interface Effect {
  key: string;
  name: string;
  value: Json;
}

/**
 * What is wrong with a run that was disturbed. Empty: nothing was lost, nothing recorded twice, nothing diverged.
 * `effects` is what the outside saw; each execution of a step's body left one, with a number of its own.
 */
export function wrongs(run: Run, shape: Json, golden: Json, effects: Effect[], disturbances: number): string[] {
  const found: string[] = [];
  if (!isDeepStrictEqual(shape, golden))
    found.push(`diverged: ${JSON.stringify(shape)} instead of ${JSON.stringify(golden)}`);
  const stages = flatten(run.stages);
  const seen = new Set<string>();
  for (const stage of stages)
    for (const step of stage.steps) {
      if (seen.has(step.id)) found.push(`duplicated: step ${step.id} was recorded twice`);
      seen.add(step.id);
    }
  const byNumber = new Map(effects.map((effect) => [effect.value, effect]));
  const numbers = numbersIn(run.output);
  for (const n of numbers) if (!byNumber.has(n)) found.push(`lost: result ${n} was never made`);
  const used = new Set<Json>();
  for (const stage of stages) {
    const output = stage.output as { n?: number } | null;
    if (stage.type !== "tool" || output === null || typeof output !== "object" || output.n === undefined) continue;
    if (used.has(output.n)) found.push(`duplicated: result ${output.n} stands at two stages`);
    used.add(output.n);
    const effect = byNumber.get(output.n);
    if (effect === undefined || !effect.key.includes(`/${stage.id}/`))
      found.push(`diverged: ${stage.id} holds a result of ${effect?.key ?? "nobody"}`);
    const saw = (output as { saw?: { n?: number } }).saw;
    if (saw?.n !== undefined && !stages.some((one) => (one.output as { n?: number } | null)?.n === saw.n))
      found.push(`diverged: ${stage.id} saw ${saw.n}, which no stage holds`);
  }
  const executions = new Map<string, number>();
  for (const effect of effects) executions.set(`${effect.key}`, (executions.get(`${effect.key}`) ?? 0) + 1);
  const attempts = new Map(stages.map((stage) => [stage.id, Math.max(1, stage.attempt)]));
  for (const [key, count] of executions) {
    const path = key.split("/").at(-2) ?? "";
    if (count > (attempts.get(path) ?? 1) + disturbances)
      found.push(`duplicated: ${key} ran ${count} times with ${disturbances} disturbances`);
  }
  return found;
}

function flatten(stages: StageView[]): StageView[] {
  return stages.flatMap((stage) => [stage, ...flatten(stage.stages)]);
}

/** Every `n` in an output. */
function numbersIn(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(numbersIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "n" && typeof inner === "number" ? [inner] : numbersIn(inner),
  );
}
