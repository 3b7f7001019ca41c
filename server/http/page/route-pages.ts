import { type Approval, ApprovalId, ERRORS, fail, parseDuration, RegentError, RunId, Verdict } from "@regent/contract";
import type { Context, Hono } from "hono";
import type { z } from "zod";
import type { Clock, Log } from "#platform";
import { type Authenticator, type Principal, requireOwnOrigin } from "../authenticate.ts";
import type { Capabilities } from "../doors.ts";
import { toRegentError } from "../problem.ts";
import { readBody } from "../read-body.ts";
import { type Home, homePage } from "./home-page.ts";
import { type Html, html } from "./html.ts";
import { LOGO, layout, POLICY } from "./layout.ts";
import { runPage } from "./run-page.ts";
import { SCRIPT } from "./script.ts";
import { signInPage } from "./sign-in-page.ts";
import { STYLES } from "./styles.ts";

export interface PageDeps extends Capabilities {
  authenticator: Authenticator;
  clock: Clock;
  log: Log;
}

const FORM_BYTES_MAX = 100_000;
const UNDO_MS = parseDuration("10s")!;

/** The small page of runs and approvals that stands at `/` until the console does. */
export function routePages(app: Hono, deps: PageDeps): void {
  const { authenticator, clock } = deps;

  const page = (path: string, build: (context: Context) => Promise<{ title: string; main: Html }>) =>
    app.get(path, async (context) => {
      if (!authenticator.findSession(context.req.raw)) return send(signIn(false), 401);
      try {
        return send(layout({ ...(await build(context)), company: deps.definitions.companyName(), live: true }), 200);
      } catch (error) {
        return sendError(error);
      }
    });

  /** A form of our own pages. Afterwards the browser is sent to where it came from. */
  const form = (path: string, work: (context: Context, fields: URLSearchParams, by: Principal) => Promise<void>) =>
    app.post(path, async (context) => {
      try {
        requireOwnOrigin(context.req.raw);
        const by = authenticator.findSession(context.req.raw);
        if (!by) throw new RegentError("unauthenticated");
        const fields = await readForm(context.req.raw);
        await work(context, fields, by);
        return redirect(toOwnPath(fields.get("back")));
      } catch (error) {
        return sendError(error);
      }
    });

  page("/", async () => ({ title: deps.definitions.companyName(), main: homePage(await readHome(deps)) }));
  page("/runs/:id", async (context) => {
    const id = parse(RunId, context.req.param("id"), "run");
    const run = await deps.runs.get(id);
    const approvals = await undecided(deps, { run: id });
    return { title: `${run.daemon.id} · ${run.status}`, main: runPage({ run, approvals, now: clock.now() }) };
  });

  form("/approvals/:id/decision", async (context, fields, by) => {
    const note = fields.get("note")?.trim().slice(0, 2_000);
    await deps.approvals.decide(parse(ApprovalId, context.req.param("id"), "approval"), {
      verdict: parse(Verdict, fields.get("verdict"), "verdict"),
      by: by.name,
      ...(note ? { note } : {}),
      effectiveAfterMs: UNDO_MS,
    });
  });
  form("/approvals/:id/undo", async (context, _, by) => {
    await deps.approvals.undo(parse(ApprovalId, context.req.param("id"), "approval"), by.name);
  });
  const runForm = (verb: string, work: (id: string, by: string) => Promise<void>) =>
    form(`/runs/:id/${verb}`, async (context, fields, by) => {
      const id = parse(RunId, context.req.param("id"), "run");
      await work(id, by.name);
      fields.set("back", `/runs/${id}`);
    });
  runForm("pause", (id, by) => deps.runs.pause(id, by));
  runForm("resumption", (id, by) => deps.runs.resume(id, by));
  runForm("cancellation", (id, by) => deps.runs.cancel(id, by));

  app.post("/session", async (context) => {
    try {
      requireOwnOrigin(context.req.raw);
      const cookie = authenticator.openSession((await readForm(context.req.raw)).get("secret")?.trim() ?? "");
      return cookie === null ? send(signIn(true), 401) : redirect("/", cookie);
    } catch (error) {
      return sendError(error);
    }
  });
  app.post("/session/end", (context) => {
    try {
      requireOwnOrigin(context.req.raw);
      return redirect("/", authenticator.endSession());
    } catch (error) {
      return sendError(error);
    }
  });
  app.get("/page.css", () => asset(STYLES, "text/css"));
  app.get("/page.js", () => asset(SCRIPT, "text/javascript"));
  app.get("/icon.svg", () =>
    asset(LOGO.text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"'), "image/svg+xml"),
  );

  function sendError(thrown: unknown): Response {
    const error = toRegentError(thrown);
    if (error.code === "internal") deps.log.error({ cause: error.cause }, "a page could not be made");
    const main = html`<main class="sign-in"><div class="panel"><h1>${error.message}</h1><p><a href="/">Back to the runs</a></p></div></main>`;
    return send(layout({ title: "Regent", live: false, main }), ERRORS[error.code].status);
  }
}

async function readHome(deps: PageDeps): Promise<Home> {
  const [approvals, runs] = await Promise.all([undecided(deps, {}), deps.runs.list({ limit: 50 })]);
  return {
    approvals,
    runs: runs.items,
    problems: deps.definitions.problems(),
    example: deps.definitions.daemons().find(({ daemon }) => daemon.inputs.every((input) => !input.required))?.daemon
      .id,
    now: deps.clock.now(),
  };
}

/** Open questions, and answers that can still be taken back. */
async function undecided(deps: PageDeps, filter: { run?: string }): Promise<Approval[]> {
  const [open, decided] = await Promise.all([
    deps.approvals.list({ ...filter, status: "open", limit: 50 }),
    deps.approvals.list({ ...filter, status: "decided", limit: 20 }),
  ]);
  const now = deps.clock.now();
  const fresh = decided.items.filter(({ decision }) => decision !== null && Date.parse(decision.effective_at) > now);
  return [...fresh, ...open.items];
}

async function readForm(request: Request): Promise<URLSearchParams> {
  if (!request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded"))
    throw fail("unsupported_media_type", { expected: "a form" });
  return new URLSearchParams(new TextDecoder().decode(await readBody(request, FORM_BYTES_MAX)));
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw fail("not_found", { what });
  return parsed.data;
}

/** A path of this server: `//evil.example` and `https:` lead away. */
const toOwnPath = (path: string | null): string => (path !== null && /^\/(?!\/)[\w./-]*$/.test(path) ? path : "/");

const signIn = (failed: boolean): string =>
  layout({ title: "Sign in to Regent", live: false, main: signInPage(failed) });

const send = (page: string, status: number): Response =>
  new Response(page, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": POLICY,
      "x-frame-options": "DENY",
    },
  });

const redirect = (path: string, cookie?: string): Response =>
  new Response(null, {
    status: 303,
    headers: { location: path, ...(cookie === undefined ? {} : { "set-cookie": cookie }) },
  });

const asset = (text: string, type: string): Response =>
  new Response(text, { headers: { "content-type": `${type}; charset=utf-8`, "cache-control": "no-cache" } });
