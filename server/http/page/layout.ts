import { type Html, html } from "./html.ts";

/** The frame of every page. */
export function layout(page: { title: string; company?: string; live: boolean; main: Html }): string {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${page.title}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body data-live="${page.live ? "yes" : "no"}">
<div class="frame">
${page.company !== undefined && topBar(page.company)}
${page.main}
</div>
</body>
</html>`;
  return document.text;
}

const topBar = (company: string): Html => html`<header class="top">
<a class="brand" href="/">${LOGO}<span>${company}</span></a>
<div class="end"><span class="live" role="status">Connecting</span>
<form method="post" action="/session/end"><button class="plain">Sign out</button></form></div>
</header>`;

export const LOGO: Html = html`<svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true"><rect width="24" height="24" rx="7" fill="#5b4fe0"></rect><path d="M7 16.5 6 8.2l3.7 3L12 7l2.3 4.2 3.7-3-1 8.3z" fill="#fff"></path></svg>`;

/** Content-Security-Policy of the pages: nothing but our own style, script and stream. */
export const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");
