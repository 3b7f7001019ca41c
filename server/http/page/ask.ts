import type { Approval } from "@regent/contract";
import { type Html, html } from "./html.ts";
import { toAgo, toDuration, toValueText } from "./readable.ts";
import { valueShown } from "./value-shown.ts";

/** What happens when nobody answers. */
const OTHERWISE = { reject: "rejected", approve: "approved", escalate: "passed on" };

/** An open question with its two answers, or one that was just answered and can still be taken back. */
export function ask(approval: Approval, now: number, back: string): Html {
  const { decision } = approval;
  return html`<article class="ask" data-part="${approval.id}-${approval.state}">
<h3>${approval.ask}</h3>
<p class="from">${approval.daemon} · ${approval.stage} · asked ${toAgo(approval.requested_at, now)}${back === "/" && html` · <a class="whole" href="/runs/${approval.run}">see the run</a>`}</p>
${approval.expires_at !== null && approval.state === "open" && html`<p class="from">If you do nothing it is ${OTHERWISE[approval.otherwise]} ${toAgo(approval.expires_at, now)}.</p>`}
${approval.show.map(shown)}
${
  decision === null
    ? html`<form class="decide" method="post" action="/approvals/${approval.id}/decision" data-live>
<input type="hidden" name="back" value="${back}">
<input type="text" name="note" maxlength="2000" placeholder="Note, kept with the decision" aria-label="Note" autocomplete="off">
<button class="button main" name="verdict" value="approve">Approve</button>
<button class="button bad" name="verdict" value="reject">Reject</button>
</form>`
    : html`<form class="decide" method="post" action="/approvals/${approval.id}/undo" data-live data-moving>
<input type="hidden" name="back" value="${back}">
<span class="pill bare ${decision.verdict}">${decision.verdict === "approve" ? "Approved" : "Rejected"}, in effect in ${toDuration(Date.parse(decision.effective_at) - now)}</span>
<button class="button small">Undo</button>
</form>`
}
</article>`;
}

const shown = (value: unknown): Html =>
  typeof value === "string"
    ? html`<div class="shown${isPatch(value) && " code"}">${toValueText(value)}</div>`
    : html`<div class="shown">${valueShown(value)}</div>`;

/** Columns carry meaning in a patch. */
const isPatch = (text: string): boolean => /^(diff --git |@@ -\d)/m.test(text.slice(0, 2_000));
