import { type Html, html } from "./html.ts";
import { LOGO } from "./layout.ts";

export const signInPage = (failed: boolean): Html => html`<main class="sign-in"><div class="panel">
${LOGO}
<h1>Sign in</h1>
<p>Open the link that <code>npm start</code> printed, or paste the operator's token. It is the file <code>token</code> in the data folder.</p>
${failed && html`<p class="notice fail" role="alert">That link was used before or is too old, or this is not the token.</p>`}
<form method="post" action="/session">
<input type="password" name="secret" data-ticket aria-label="Token" placeholder="rgt_…" autocomplete="current-password" required>
<button class="button main">Sign in</button>
</form>
</div></main>`;
