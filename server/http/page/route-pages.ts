import { RegentError } from "@regent/contract";
import type { Hono } from "hono";
import type { Log } from "#platform";
import { type Authenticator, requireOwnOrigin } from "../authenticate.ts";
import type { Capabilities } from "../doors.ts";

export interface PageDeps extends Capabilities {
  authenticator: Authenticator;
  log: Log;
}

export function routePages(app: Hono, deps: PageDeps): void {
  app.post("/session", async (context) => {
    requireOwnOrigin(context.req.raw);
    const { secret } = (await context.req.json()) as { secret?: unknown };
    const cookie = typeof secret === "string" ? deps.authenticator.openSession(secret) : null;
    if (!cookie) throw new RegentError("unauthenticated");
    return new Response(null, { status: 204, headers: { "set-cookie": cookie } });
  });
}
