import type { Run, StageView } from "@regent/contract";
import type { Command } from "../command.ts";
import type { Output } from "../output/output.ts";
import { toPlain, toPlainLines } from "../output/paint.ts";
import { toAgo, toCostText, toDuration, toFailureText, toMark, toStatusText, toValueText } from "../output/readable.ts";

export const command: Command = {
  summary: "shows one run with its stages",
  arguments: [["<id>", "run_…"]],
  example: "regent runs show run_01k0",
  needs: "server",
  async run({ client, output }, [id]: [string]) {
    const run = await (await client()).runs.get({ id });
    output.answer(run, () => toText(output, run));
    return undefined;
  },
};

function toText(output: Output, run: Run): string {
  const { paint } = output;
  const facts = [
    ["Status", toStatusText(paint, run.status)],
    ["Daemon", toPlain(`${run.daemon.id} ${run.daemon.version}`)],
    [
      "Started",
      `${toAgo(run.started_at, Date.now())} by ${toPlain(run.trigger.by ?? run.trigger.name ?? run.trigger.kind)}`,
    ],
    ...(run.ended_at && run.started_at
      ? [["Took", toDuration(Date.parse(run.ended_at) - Date.parse(run.started_at))]]
      : []),
    ["Cost", `${toCostText(run.cost)}${run.offline ? " (offline model)" : ""}`],
    ...(run.waiting_for ? [["Waits for", paint("wait", toPlain(run.waiting_for))]] : []),
    ...(run.parent ? [["Started by", run.parent]] : []),
    ...(run.forked_from ? [["Replay of", run.forked_from]] : []),
    ...Object.entries(run.inputs).map(([name, value]) => [
      `Input ${toPlain(name)}`,
      toPlain(typeof value === "string" ? value : JSON.stringify(value)).slice(0, 200),
    ]),
  ];
  const width = Math.min(24, Math.max(12, ...facts.map(([name]) => name!.length)));
  return [
    paint("strong", run.id),
    ...facts.map(([name, value]) => `  ${paint("quiet", name!.padEnd(width))} ${value}`),
    "",
    ...toStageLines(output, run.stages, ""),
    ...(run.error ? ["", paint("fail", toFailureText(run.error))] : []),
    ...(run.output === null || run.output === undefined ? [] : ["", toPlainLines(toValueText(run.output))]),
  ].join("\n");
}

function toStageLines(output: Output, stages: StageView[], indent: string): string[] {
  return stages.flatMap((stage) => {
    const facts = [
      stage.status === "skipped" || stage.status === "cancelled" ? stage.status : "",
      toDuration(durationOf(stage)),
      toCostText(stage.cost),
      stage.attempt > 1 ? `${stage.attempt} attempts` : "",
      toPlain(stage.waiting_for ?? ""),
      toPlain(stage.error?.message ?? ""),
    ].filter((fact) => fact !== "" && fact !== "–");
    const name = toPlain(stage.name).padEnd(28 - indent.length);
    return [
      `${indent}${toMark(output.paint, stage.status)} ${name} ${output.paint("quiet", [stage.type, ...facts].join(" · "))}`,
      ...toStageLines(output, stage.stages, `${indent}  `),
    ];
  });
}

/** What has not ended has lasted until now. */
const durationOf = ({ status, started_at, duration_ms }: StageView): number | null =>
  started_at !== null && ["running", "waiting", "paused"].includes(status)
    ? Math.max(0, Date.now() - Date.parse(started_at))
    : duration_ms;
