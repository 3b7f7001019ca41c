import type { RunComparison } from "@regent/contract";
import type { Command } from "../command.ts";
import type { Output } from "../output/output.ts";
import { toPlain } from "../output/paint.ts";
import { toCostText, toDuration, toValueText } from "../output/readable.ts";

export const command: Command = {
  summary: "shows two runs side by side",
  arguments: [
    ["<a>", "run_…"],
    ["<b>", "run_…"],
  ],
  example: "regent runs compare run_01k0 run_01k1",
  needs: "server",
  async run({ client, output }, [a, b]: [string, string]) {
    const comparison = await (await client()).runs.compare({ id: a, with: b });
    output.answer(comparison, () => toText(output, comparison));
    return undefined;
  },
};

type Side = RunComparison["stages"][number]["a"];

function toText(output: Output, { a, b, stages, inputs }: RunComparison): string {
  const { paint } = output;
  const side = (one: Side) => (one === null ? "–" : `${one.status} ${toDuration(one.duration_ms)}`);
  const changed = inputs.filter((input) => JSON.stringify(input.a) !== JSON.stringify(input.b));
  return [
    output.table([
      [paint("quiet", "STAGE"), a.id, b.id, ""],
      ...stages.map((stage) => [
        toPlain(stage.id),
        side(stage.a),
        side(stage.b),
        stage.same ? paint("quiet", "same") : paint("wait", "differs"),
      ]),
      [paint("quiet", "cost"), toCostText(a.cost), toCostText(b.cost), ""],
    ]),
    ...changed.map(
      ({ name, a: one, b: other }) =>
        `input ${toPlain(name)}: ${toPlain(toValueText(one))} → ${toPlain(toValueText(other))}`,
    ),
  ].join("\n");
}
