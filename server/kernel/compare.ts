import { isDeepStrictEqual } from "node:util";
import type { Json, Run, RunSummary, StageView } from "@regent/contract";
import type { Comparison, StageSide } from "./kernel.ts";

/** Two runs side by side, stage by stage, inner stages included. */
export function compareRuns(a: Run, b: Run): Comparison {
  const left = flatten(a.stages);
  const right = flatten(b.stages);
  const ids = [...right.keys(), ...[...left.keys()].filter((id) => !right.has(id))];
  const names = [...new Set([...Object.keys(a.inputs), ...Object.keys(b.inputs)])];
  return {
    a: toSummary(a),
    b: toSummary(b),
    stages: ids.map((id) => {
      const [one, other] = [left.get(id) ?? null, right.get(id) ?? null];
      const same =
        one !== null && other !== null && one.status === other.status && isDeepStrictEqual(one.output, other.output);
      return { id, same, a: toSide(one), b: toSide(other) };
    }),
    inputs: names
      .map((name) => ({ name, a: (a.inputs[name] ?? null) as Json, b: (b.inputs[name] ?? null) as Json }))
      .filter((row) => !isDeepStrictEqual(row.a, row.b)),
  };
}

function flatten(stages: StageView[], into = new Map<string, StageView>()): Map<string, StageView> {
  for (const stage of stages) {
    into.set(stage.id, stage);
    flatten(stage.stages, into);
  }
  return into;
}

const toSide = (stage: StageView | null): StageSide | null =>
  stage === null
    ? null
    : {
        status: stage.status,
        output: (stage.output ?? null) as Json,
        duration_ms: stage.duration_ms,
        usd: stage.cost.usd,
        tokens: stage.cost.tokens,
      };

function toSummary(run: Run): RunSummary {
  const { inputs: _inputs, output: _output, stages: _stages, ...summary } = run;
  return summary;
}
