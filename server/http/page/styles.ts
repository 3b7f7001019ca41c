/** The console's tokens, as far as these pages use them, and the few rules on top. */
export const STYLES = `
:root {
  color-scheme: light dark;
  --sans: "Geist Variable", ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  --mono: "Geist Mono Variable", ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  --canvas: oklch(0.970 0.003 278); --surface: oklch(1 0 0); --surface-2: oklch(0.977 0.0025 278);
  --surface-3: oklch(0.950 0.005 278); --border: oklch(0.918 0.005 278); --border-strong: oklch(0.855 0.009 278);
  --border-control: oklch(0.640 0.015 278); --grid: oklch(0.945 0.004 278);
  --fg: oklch(0.215 0.018 278); --fg-muted: oklch(0.440 0.018 278); --fg-subtle: oklch(0.525 0.016 278);
  --accent-fg: oklch(0.480 0.215 277); --accent-solid: oklch(0.520 0.215 277); --on-accent: oklch(1 0 0);
  --accent-hover: oklch(0.470 0.210 277); --ring: oklch(0.560 0.215 277);
  --ok-fg: oklch(0.465 0.115 155); --ok-solid: oklch(0.620 0.150 155); --ok-soft: oklch(0.962 0.030 158); --ok-border: oklch(0.870 0.070 157);
  --run-fg: oklch(0.480 0.114 242); --run-solid: oklch(0.600 0.142 242); --run-soft: oklch(0.958 0.022 238); --run-border: oklch(0.860 0.070 240);
  --wait-fg: oklch(0.495 0.109 68); --wait-solid: oklch(0.650 0.145 62); --wait-soft: oklch(0.968 0.033 85); --wait-border: oklch(0.870 0.095 80);
  --fail-fg: oklch(0.520 0.190 26); --fail-solid: oklch(0.610 0.210 26); --fail-soft: oklch(0.962 0.018 20); --fail-border: oklch(0.875 0.066 22);
  --idle-fg: oklch(0.460 0.016 278); --idle-solid: oklch(0.640 0.014 278); --idle-soft: oklch(0.955 0.004 278); --idle-border: oklch(0.880 0.007 278);
  --bar: oklch(0.625 0.120 277); --bar-tint: oklch(0.905 0.035 277);
  --shadow: 0 1px 2px oklch(0.25 0.03 278 / .06);
}
@media (prefers-color-scheme: dark) {
  :root {
    --canvas: oklch(0.145 0.008 278); --surface: oklch(0.182 0.010 278); --surface-2: oklch(0.208 0.011 278);
    --surface-3: oklch(0.240 0.013 278); --border: oklch(0.262 0.011 278); --border-strong: oklch(0.345 0.014 278);
    --border-control: oklch(0.525 0.016 278); --grid: oklch(0.235 0.010 278);
    --fg: oklch(0.955 0.004 278); --fg-muted: oklch(0.755 0.011 278); --fg-subtle: oklch(0.655 0.013 278);
    --accent-fg: oklch(0.780 0.113 279); --accent-solid: oklch(0.545 0.215 277); --accent-hover: oklch(0.575 0.205 277);
    --ring: oklch(0.700 0.159 279);
    --ok-fg: oklch(0.800 0.145 157); --ok-solid: oklch(0.700 0.150 156); --ok-soft: oklch(0.258 0.042 160); --ok-border: oklch(0.385 0.070 158);
    --run-fg: oklch(0.800 0.105 238); --run-solid: oklch(0.700 0.140 240); --run-soft: oklch(0.258 0.045 242); --run-border: oklch(0.390 0.080 241);
    --wait-fg: oklch(0.840 0.125 82); --wait-solid: oklch(0.770 0.150 74); --wait-soft: oklch(0.268 0.044 76); --wait-border: oklch(0.410 0.075 76);
    --fail-fg: oklch(0.765 0.139 22); --fail-solid: oklch(0.660 0.200 24); --fail-soft: oklch(0.262 0.062 22); --fail-border: oklch(0.400 0.105 23);
    --idle-fg: oklch(0.740 0.011 278); --idle-solid: oklch(0.585 0.014 278); --idle-soft: oklch(0.245 0.011 278); --idle-border: oklch(0.345 0.014 278);
    --bar: oklch(0.560 0.120 278); --bar-tint: oklch(0.310 0.052 278);
    --shadow: 0 1px 2px oklch(0 0 0 / .35);
  }
}
* { box-sizing: border-box; margin: 0; }
html { -webkit-text-size-adjust: 100%; }
body {
  background: var(--canvas); color: var(--fg); font: 420 0.8125rem/1.25rem var(--sans);
  font-variant-numeric: tabular-nums; min-height: 100vh; padding: 0 20px 48px; overflow-wrap: anywhere;
}
a { color: inherit; text-decoration: none; }
h1 { font-size: 1.25rem; line-height: 1.75rem; font-weight: 600; letter-spacing: -0.014em; }
h2 { font-size: 0.8125rem; font-weight: 600; }
:focus-visible { outline: 2px solid var(--ring); outline-offset: 2px; border-radius: 6px; }
.frame { max-width: 1080px; margin: 0 auto; }
.top { display: flex; align-items: center; gap: 12px; height: 56px; }
.brand { display: flex; align-items: center; gap: 10px; font-weight: 600; min-width: 0; }
.brand svg { flex: none; }
.brand span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.top .end { margin-left: auto; display: flex; align-items: center; gap: 16px; color: var(--fg-muted); font-size: 0.75rem; }
.live { display: inline-flex; align-items: center; gap: 6px; }
.live::before { content: ""; width: 7px; height: 7px; border-radius: 50%; background: var(--idle-solid); }
.live[data-on="yes"]::before { background: var(--ok-solid); }
.plain { background: none; border: 0; padding: 4px 0; font: inherit; color: inherit; cursor: pointer; }
.plain:hover { color: var(--fg); text-decoration: underline; }
.panel { background: var(--surface); border: 1px solid var(--border); border-radius: 12px; overflow: hidden; box-shadow: var(--shadow); }
.panel + .panel, .stack > * + * { margin-top: 20px; }
.head { display: flex; align-items: baseline; gap: 8px; padding: 14px 20px; border-bottom: 1px solid var(--border); }
.head .count { color: var(--fg-subtle); }
.lead { padding: 12px 0 20px; }
.lead p { color: var(--fg-muted); margin-top: 4px; }
.muted { color: var(--fg-muted); } .subtle { color: var(--fg-subtle); }
.mono, code, pre { font-family: var(--mono); font-size: 0.75rem; }
.empty { padding: 36px 20px; text-align: center; color: var(--fg-muted); }
.empty strong { display: block; color: var(--fg); font-weight: 600; margin-bottom: 4px; }
.empty code { display: inline-block; margin-top: 12px; padding: 6px 12px; background: var(--surface-2); border: 1px solid var(--border); border-radius: 8px; color: var(--fg); }
.notice { padding: 10px 16px; border-radius: 8px; border: 1px solid var(--wait-border); background: var(--wait-soft); color: var(--wait-fg); }
.notice.fail { border-color: var(--fail-border); background: var(--fail-soft); color: var(--fail-fg); }

.row { display: grid; grid-template-columns: 16px minmax(0, 1fr) 92px 76px 76px; align-items: center; gap: 12px; min-height: 40px; padding: 6px 20px; border-top: 1px solid var(--border); }
.panel > .row:first-child, .head + .row { border-top: 0; }
a.row:hover { background: var(--surface-2); }
.row .title { display: flex; gap: 8px; min-width: 0; align-items: baseline; }
.row .title b { font-weight: 520; white-space: nowrap; }
.row .title span { color: var(--fg-subtle); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.row .number { text-align: right; color: var(--fg-muted); white-space: nowrap; }

.mark { width: 16px; height: 16px; display: block; flex: none; }
.mark .disc { fill: var(--idle-solid); } .mark .sign { stroke: var(--surface); stroke-width: 1.8; fill: none; stroke-linecap: round; stroke-linejoin: round; }
.mark.succeeded .disc { fill: var(--ok-solid); } .mark.failed .disc, .mark.timed_out .disc { fill: var(--fail-solid); }
.mark.waiting .disc, .mark.paused .disc { fill: var(--wait-solid); }
.mark .ring { fill: none; stroke: var(--run-border); stroke-width: 2; } .mark .arc { fill: none; stroke: var(--run-solid); stroke-width: 2; stroke-linecap: round; transform-origin: 8px 8px; animation: turn 1.1s linear infinite; }
.mark .dashes { fill: none; stroke: var(--idle-solid); stroke-width: 1.6; stroke-dasharray: 2.4 2.3; }
@keyframes turn { to { transform: rotate(360deg); } }
.pill { display: inline-flex; align-items: center; gap: 6px; padding: 2px 10px 2px 6px; border-radius: 999px; font-weight: 520; border: 1px solid var(--idle-border); background: var(--idle-soft); color: var(--idle-fg); white-space: nowrap; }
.pill.succeeded, .pill.approve { border-color: var(--ok-border); background: var(--ok-soft); color: var(--ok-fg); }
.pill.running { border-color: var(--run-border); background: var(--run-soft); color: var(--run-fg); }
.pill.waiting, .pill.paused { border-color: var(--wait-border); background: var(--wait-soft); color: var(--wait-fg); }
.pill.failed, .pill.timed_out, .pill.reject { border-color: var(--fail-border); background: var(--fail-soft); color: var(--fail-fg); }
.pill.bare { padding-left: 10px; }

.ask { padding: 18px 20px; border-top: 1px solid var(--border); }
.head + .ask, .panel > .ask:first-child { border-top: 0; }
.stack > div:empty { display: none; }
.ask h3 { font-size: 1rem; line-height: 1.5rem; font-weight: 600; letter-spacing: -0.014em; }
.ask .from { color: var(--fg-muted); margin-top: 2px; }
.ask .from a { color: var(--accent-fg); } .ask .from a:hover { text-decoration: underline; }
.shown { margin-top: 12px; background: var(--surface-2); border: 1px solid var(--border); border-radius: 8px; padding: 12px 14px; max-height: 320px; overflow: auto; white-space: pre-wrap; font: 420 0.875rem/1.375rem var(--sans); }
.shown.code { font: 420 0.75rem/1.25rem var(--mono); }
.shown > .pairs, .shown > .items { white-space: normal; font: 420 0.8125rem/1.25rem var(--sans); }
.shown pre { border: 0; padding: 0; background: none; max-height: none; }
.text { white-space: pre-wrap; }
.items { padding: 0; } .items > li { list-style: none; padding: 8px 0; border-top: 1px solid var(--border); }
.items > li:first-child { border-top: 0; padding-top: 0; } .items > li:last-child { padding-bottom: 0; }
.rows { border-collapse: collapse; width: 100%; white-space: normal; overflow-wrap: break-word; font: 420 0.8125rem/1.25rem var(--sans); }
.rows th { text-align: left; font-weight: 420; color: var(--fg-muted); padding: 0 16px 4px 0; } .rows td { border-top: 1px solid var(--border); padding: 4px 16px 4px 0; vertical-align: top; }
.whole { white-space: nowrap; }
.decide { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 14px; }
.decide input { flex: 1 1 220px; min-width: 0; }
input[type="text"], input[type="password"] { height: 36px; padding: 0 12px; border: 1px solid var(--border-control); border-radius: 8px; background: var(--surface); color: var(--fg); font: inherit; }
input::placeholder { color: var(--fg-subtle); }
.button { height: 36px; padding: 0 16px; border-radius: 8px; border: 1px solid var(--border-strong); background: var(--surface); color: var(--fg); font: 520 0.8125rem/1 var(--sans); cursor: pointer; white-space: nowrap; }
.button:hover { background: var(--surface-3); }
.button.main { background: var(--accent-solid); border-color: var(--accent-solid); color: var(--on-accent); } .button.main:hover { background: var(--accent-hover); }
.button.bad { color: var(--fail-fg); }
.button.small { height: 30px; padding: 0 12px; }
.button[disabled] { opacity: .55; cursor: default; }

.crumbs { display: flex; align-items: center; gap: 8px; color: var(--fg-muted); padding-top: 4px; } .crumbs a:hover { color: var(--fg); text-decoration: underline; }
.title-line { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; padding: 10px 0 16px; }
.title-line .acts { margin-left: auto; display: flex; gap: 8px; }
.strip { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); }
.strip div { padding: 14px 20px; border-left: 1px solid var(--border); } .strip div:first-child { border-left: 0; }
.strip dt { color: var(--fg-muted); } .strip dd { font-size: 1rem; line-height: 1.5rem; font-weight: 600; margin-top: 2px; letter-spacing: -0.014em; }
.strip dd.wait { color: var(--wait-fg); } .strip dd small { font-size: 0.75rem; font-weight: 420; color: var(--fg-muted); letter-spacing: 0; }
.stage { border-top: 1px solid var(--border); } .head + .stage { border-top: 0; }
.stage > summary, .stage > .line { list-style: none; display: grid; grid-template-columns: 16px minmax(0, 200px) minmax(0, 1fr) 72px 68px; align-items: center; gap: 12px; min-height: 36px; padding: 4px 20px; }
.stage > summary { cursor: pointer; } .stage > summary::-webkit-details-marker { display: none; } .stage > summary:hover { background: var(--surface-2); }
.stage .name { font-weight: 520; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.stage .name small { font-weight: 420; color: var(--fg-subtle); font-size: 0.75rem; margin-left: 6px; }
.stage.d1 .name { padding-left: 16px; } .stage.d2 .name { padding-left: 32px; } .stage.d3 .name { padding-left: 48px; }
.stage.skipped .name, .stage.queued .name { color: var(--fg-subtle); }
.stage .number { text-align: right; color: var(--fg-muted); white-space: nowrap; } .stage .number.waiting { color: var(--wait-fg); font-weight: 520; } .stage .number.running { color: var(--run-fg); font-weight: 520; }
.lane { width: 100%; height: 14px; display: block; overflow: visible; }
.lane .done { fill: var(--bar); } .lane .tint { fill: var(--bar-tint); } .lane .running { fill: var(--run-solid); } .lane .failed { fill: var(--fail-solid); }
.lane .waiting { fill: url(#hatch); stroke: var(--wait-solid); stroke-width: 1; }
.hatch-back { fill: var(--wait-soft); } .hatch-line { stroke: var(--wait-solid); stroke-width: 3; }
.defs { position: absolute; width: 0; height: 0; }
.inside { padding: 4px 20px 16px 48px; display: grid; gap: 12px; }
.inside h4 { font-size: 0.75rem; font-weight: 520; color: var(--fg-muted); margin-bottom: 4px; }
pre { white-space: pre-wrap; background: var(--surface-2); border: 1px solid var(--border); border-radius: 8px; padding: 10px 12px; max-height: 360px; overflow: auto; line-height: 1.125rem; }
.steps { display: grid; gap: 2px; } .steps li { list-style: none; display: flex; gap: 8px; color: var(--fg-muted); font-size: 0.75rem; } .steps { padding: 0; } .steps .number { margin-left: auto; }
.body { padding: 16px 20px; display: grid; gap: 12px; }
.pairs { display: grid; grid-template-columns: minmax(80px, 160px) minmax(0, 1fr); gap: 4px 16px; } .pairs dt { color: var(--fg-muted); }
.answer { white-space: pre-wrap; font: 420 0.875rem/1.375rem var(--sans); }
.sign-in { max-width: 420px; margin: 12vh auto 0; } .sign-in .panel { padding: 28px; } .sign-in p { color: var(--fg-muted); margin: 6px 0 18px; } .sign-in form { display: flex; gap: 8px; } .sign-in input { flex: 1; min-width: 0; }
.sign-in code { background: var(--surface-2); border: 1px solid var(--border); border-radius: 5px; padding: 1px 5px; }
.foot { color: var(--fg-subtle); font-size: 0.75rem; padding-top: 24px; } .foot a { text-decoration: underline; }

@media (max-width: 760px) {
  body { padding: 0 16px 48px; }
  .row { grid-template-columns: 16px minmax(0, 1fr) auto; min-height: 52px; padding: 8px 16px; }
  .row .title { display: block; } .row .title b, .row .title span { display: block; white-space: normal; }
  .row .title span { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; }
  .row .cost, .row .took { display: none; }
  .head, .ask, .body { padding-left: 16px; padding-right: 16px; }
  .strip { grid-template-columns: 1fr 1fr; } .strip div { border-left: 0; border-top: 1px solid var(--border); padding: 12px 16px; }
  .strip div:nth-child(-n + 2) { border-top: 0; } .strip div:nth-child(even) { border-left: 1px solid var(--border); }
  .strip div:last-child:nth-child(odd) { grid-column: 1 / -1; }
  .stage > summary, .stage > .line { grid-template-columns: 16px minmax(0, 1fr) 64px; min-height: 44px; padding: 4px 16px; }
  .stage .lane, .stage .cost { display: none; }
  .inside { padding-left: 16px; padding-right: 16px; }
  .button, input[type="text"], input[type="password"] { height: 44px; font-size: 16px; } .button { font-size: 0.875rem; } .button.small { height: 40px; }
  .decide input { flex-basis: 100%; } .decide .button { flex: 1; }
  .title-line .acts { margin-left: 0; width: 100%; }
  .pairs { grid-template-columns: minmax(56px, 30%) minmax(0, 1fr); gap: 4px 12px; }
  .pairs .pairs, .shown .pairs .items .pairs { grid-template-columns: 1fr; gap: 0; } .pairs .pairs dd { margin-bottom: 6px; }
  .rows td, .rows th { padding-right: 8px; }
}
@media (prefers-reduced-motion: reduce) { .mark .arc { animation: none; } }
`;
