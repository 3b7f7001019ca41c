import { type Approval, ENDED, type Run, type StageView } from "@regent/contract";
import { ask } from "./ask.ts";
import { type Html, html } from "./html.ts";
import { laneOf, type Scale } from "./lane.ts";
import { mark, pill } from "./mark.ts";
import { toAgo, toCostText, toCount, toDuration, toValueText } from "./readable.ts";
import { valueShown } from "./value-shown.ts";

/** One run: how it stands, what it asks, its stages on one time axis, what went in and came out. */
export function runPage({ run, approvals, now }: { run: Run; approvals: Approval[]; now: number }): Html {
  const start = Date.parse(run.started_at ?? run.queued_at);
  const end = run.ended_at === null ? now : Date.parse(run.ended_at);
  const scale: Scale = { start, end: Math.max(end, start + 1) };
  const stages = flatten(run.stages, 0);
  const isOpen = !ENDED.has(run.status);
  return html`<main class="stack"${isOpen && html` data-moving`}>
<div><nav class="crumbs"><a href="/">Runs</a><span aria-hidden="true">›</span><span class="mono">${run.id}</span></nav>
<section class="title-line" data-part="title"><h1>${run.daemon.id}</h1>${pill(run.status)}<span class="muted">${run.daemon.version} · started ${toAgo(run.started_at, now)} by ${run.trigger.by ?? run.trigger.name ?? run.trigger.kind}</span>
${isOpen && actions(run)}</section>
<div class="panel" data-part="strip">${strip(run, stages, now, end - start)}</div></div>
<div data-part="notices">${run.offline && OFFLINE}${run.error !== null && html`<p class="notice fail" role="alert">${run.error.message}${run.error.stage !== undefined && html` (stage ${run.error.stage})`}</p>`}</div>
<div data-part="asks">${approvals.length > 0 && html`<section class="panel" aria-label="Needs you">${approvals.map((approval) => ask(approval, now, `/runs/${run.id}`))}</section>`}</div>
<section class="panel" data-part="stages" aria-label="Stages">${HATCH}<div class="head"><h2>Stages</h2><span class="count">${countEnded(stages)} of ${stages.length} done</span></div>
${stages.map(({ stage, depth }, index) => stageRow(stage, depth, index, scale, now))}</section>
<div data-part="output">${run.output !== null && run.output !== undefined && html`<section class="panel" aria-label="Output"><div class="head"><h2>Output</h2></div><div class="body">${outputOf(run.output)}</div></section>`}</div>
<div data-part="inputs">${Object.keys(run.inputs).length > 0 && html`<section class="panel" aria-label="Inputs"><div class="head"><h2>Inputs</h2></div><div class="body"><dl class="pairs">${Object.entries(run.inputs).map(([name, value]) => html`<dt>${name}</dt><dd>${typeof value === "string" ? toValueText(value, 2_000) : valueShown(value)}</dd>`)}</dl></div></section>`}</div>
</main>`;
}

interface Placed {
  stage: StageView;
  depth: number;
}

const flatten = (stages: StageView[], depth: number): Placed[] =>
  stages.flatMap((stage) => [{ stage, depth }, ...flatten(stage.stages, Math.min(depth + 1, 3))]);

/** A stage that failed and was gone on after counts too: nothing more comes of it. */
const countEnded = (stages: Placed[]): number =>
  stages.filter(({ stage }) => !["queued", "running", "waiting", "paused"].includes(stage.status)).length;

const OFFLINE = html`<p class="notice">Answered by the built-in offline model: no model was called. Set a provider's key, such as OPENAI_API_KEY, for real answers.</p>`;

const outputOf = (output: unknown): Html =>
  typeof output === "string" ? html`<div class="answer">${toValueText(output)}</div>` : valueShown(output);

function actions(run: Run): Html {
  const button = (verb: string, word: string, kind = "") =>
    html`<form method="post" action="/runs/${run.id}/${verb}" data-live><button class="button small ${kind}">${word}</button></form>`;
  return html`<span class="acts">${run.status === "paused" ? button("resumption", "Resume") : button("pause", "Pause")}${button("cancellation", "Cancel", "bad")}</span>`;
}

function strip(run: Run, stages: Placed[], now: number, totalMs: number): Html {
  const waitingMs = stages
    .filter(({ stage }) => stage.type === "gate")
    .reduce((sum, { stage }) => sum + (durationOf(stage, now) ?? 0), 0);
  const retried = stages.reduce((sum, { stage }) => sum + Math.max(0, stage.attempt - 1), 0);
  return html`<dl class="strip">
<div><dt>Took</dt><dd>${run.started_at === null ? "–" : toDuration(totalMs)}</dd></div>
<div><dt>Waiting for people</dt><dd${waitingMs > 0 && html` class="wait"`}>${waitingMs > 0 ? toDuration(waitingMs) : "–"}</dd></div>
<div><dt>Cost</dt><dd>${toCostText(run.cost)}</dd></div>
<div><dt>Tokens</dt><dd>${run.cost.tokens > 0 ? toCount(run.cost.tokens) : "–"}</dd></div>
<div><dt>Stages</dt><dd>${countEnded(stages)}/${stages.length} ${retried > 0 && html`<small>${retried === 1 ? "1 retry" : `${retried} retries`}</small>`}</dd></div>
</dl>`;
}

function durationOf(stage: StageView, now: number): number | null {
  const isActive = ["running", "waiting", "paused"].includes(stage.status) && stage.started_at !== null;
  return isActive ? now - Date.parse(stage.started_at!) : stage.duration_ms;
}

function stageRow(stage: StageView, depth: number, index: number, scale: Scale, now: number): Html {
  const duration = durationOf(stage, now);
  const line = html`${mark(stage.status)}<span class="name">${stage.name}<small>${stage.type}${stage.attempt > 1 && html` · ${stage.attempt} attempts`}</small></span>
${laneOf(stage, scale, duration)}<span class="number ${stage.status}">${toDuration(duration)}</span><span class="number cost">${toCostText(stage.cost)}</span>`;
  const inside = insideOf(stage);
  const classes = `stage d${depth} ${stage.status}`;
  return inside === null
    ? html`<div class="${classes}"><div class="line">${line}</div></div>`
    : html`<details class="${classes}" id="stage-${index}"><summary>${line}</summary><div class="inside">${inside}</div></details>`;
}

function insideOf(stage: StageView): Html | null {
  const parts = [
    stage.waiting_for !== null && html`<p class="muted">Waits for ${stage.waiting_for}</p>`,
    stage.error !== null && html`<p class="notice fail">${stage.error.message}</p>`,
    stage.child !== null && html`<p><a href="/runs/${stage.child}">Its own run ›</a></p>`,
    stage.output !== null &&
      stage.output !== undefined &&
      html`<div><h4>Output</h4><pre>${toValueText(stage.output)}</pre></div>`,
    stage.steps.length > 0 &&
      html`<div><h4>Steps</h4><ul class="steps">${stage.steps.slice(0, 100).map((step) => html`<li>${mark(step.status)}<span>${step.name}</span><span class="number">${toDuration(step.duration_ms)} · ${toCostText(step.cost)}</span></li>`)}</ul></div>`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? html`${parts}` : null;
}

const HATCH = html`<svg class="defs" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch-back" width="6" height="6"></rect><line class="hatch-line" x1="0" y1="0" x2="0" y2="6"></line></pattern></defs></svg>`;
