import type { StageView } from "@regent/contract";
import { type Html, html } from "./html.ts";

/** Milliseconds since 1970. */
export interface Scale {
  start: number;
  end: number;
}

/** A stage as a bar on the run's time axis. Drawn with attributes in percent: a style attribute would need a wider policy. */
export function laneOf(stage: StageView, scale: Scale, durationMs: number | null): Html {
  if (stage.started_at === null || durationMs === null) return html`<svg class="lane" aria-hidden="true"></svg>`;
  const total = scale.end - scale.start;
  const from = clamp((Date.parse(stage.started_at) - scale.start) / total);
  const width = Math.max(clamp(durationMs / total), 0.004);
  return html`<svg class="lane" aria-hidden="true"><rect class="${kindOf(stage)}" x="${percent(Math.min(from, 0.996))}" y="1" width="${percent(Math.min(width, 1 - Math.min(from, 0.996)))}" height="12" rx="3"></rect></svg>`;
}

function kindOf(stage: StageView): string {
  if (stage.status === "waiting" || stage.status === "paused" || stage.type === "gate") return "waiting";
  if (stage.status === "running") return "running";
  if (stage.status === "failed" || stage.status === "timed_out") return "failed";
  return stage.stages.length > 0 ? "tint" : "done";
}

const clamp = (part: number): number => Math.min(1, Math.max(0, part));
const percent = (part: number): string => `${(part * 100).toFixed(2)}%`;
