import type { Approval, FileProblem, RunSummary } from "@regent/contract";
import { ask } from "./ask.ts";
import { type Html, html } from "./html.ts";
import { mark } from "./mark.ts";
import { toAgo, toCostText, toCountText, toDuration } from "./readable.ts";

export interface Home {
  approvals: Approval[];
  runs: RunSummary[];
  problems: FileProblem[];
  /** Id of a daemon that could be started, for those who have not. */
  example: string | undefined;
  now: number;
}

/** What needs somebody, then what runs and ran. */
export function homePage({ approvals, runs, problems, example, now }: Home): Html {
  const open = approvals.filter((approval) => approval.state === "open").length;
  const moving = runs.filter((run) => run.status === "running" || run.status === "queued").length;
  const errors = problems.filter((problem) => problem.severity === "error");
  return html`<main class="stack">
<section class="lead" data-part="lead"><h1>${toCountText(open, "thing needs you.", "things need you.")}</h1>
<p>${moving > 0 ? `${toCountText(moving, "run is", "runs are")} moving.` : "Nothing is running at the moment."}</p></section>
<div data-part="problems">${errors.length > 0 && problemNotice(errors)}</div>
<section class="panel" data-part="approvals" aria-label="Needs you"><div class="head"><h2>Needs you</h2><span class="count">${open}</span></div>
${approvals.length > 0 ? approvals.map((approval) => ask(approval, now, "/")) : NOTHING_TO_DECIDE}</section>
<section class="panel" data-part="runs" aria-label="Runs"><div class="head"><h2>Runs</h2><span class="count">the newest ${runs.length}</span></div>
${runs.length > 0 ? runs.map((run) => runRow(run, now)) : noRuns(example)}</section>
<footer class="foot">Everything here is also a command: <code>npx regent --help</code>. The API: <a href="/v1/openapi.json">openapi.json</a></footer>
</main>`;
}

const NOTHING_TO_DECIDE = html`<div class="empty"><strong>Nothing needs you</strong>Questions that daemons ask at their gates appear here.</div>`;

const noRuns = (example: string | undefined): Html => html`<div class="empty"><strong>No runs yet</strong>
${example === undefined ? "The company has no daemon yet: add one to its folder." : html`Start a daemon of your company:<br><code>npx regent run ${example}</code>`}</div>`;

const problemNotice = (
  errors: FileProblem[],
): Html => html`<p class="notice fail" role="alert">The company's files have ${toCountText(errors.length, "error", "errors").toLowerCase()}; the last good version goes on. First:
${errors[0]!.file}:${errors[0]!.line} ${errors[0]!.message}</p>`;

function runRow(run: RunSummary, now: number): Html {
  const started = run.started_at ?? run.queued_at;
  const until = run.ended_at === null ? now : Date.parse(run.ended_at);
  const isMoving = run.status === "running";
  return html`<a class="row" href="/runs/${run.id}"${isMoving && html` data-moving`}>${mark(run.status)}
<span class="title"><b>${run.daemon.id}</b><span>${run.error?.message ?? waitOf(run) ?? run.id}</span></span>
<span class="number took">${run.started_at === null ? "–" : toDuration(until - Date.parse(started))}</span>
<span class="number cost">${run.offline ? "offline" : toCostText(run.cost)}</span>
<span class="number"><time datetime="${started}" title="${started}">${toAgo(started, now)}</time></span></a>`;
}

const waitOf = ({ waiting_for }: RunSummary): string | undefined =>
  waiting_for === null ? undefined : waiting_for.startsWith("approval ") ? "needs you" : `waits for ${waiting_for}`;
