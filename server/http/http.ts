import { mkdir } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { type JsonObject, listOperations, RegentError } from "@regent/contract";
import { Hono } from "hono";
import type { Clock, Database, Ids, Log, Random } from "#platform";
import { createAuthenticator } from "./authenticate.ts";
import type { Capabilities } from "./doors.ts";
import { createFeed } from "./feed.ts";
import { requireOwnHost } from "./foreign-host.ts";
import { createHandlers } from "./handlers/handlers.ts";
import { createIdempotency } from "./idempotency.ts";
import { createMetrics } from "./metrics.ts";
import { toOpenApi } from "./openapi.ts";
import { routePages } from "./page/route-pages.ts";
import { toRegentError } from "./problem.ts";
import { type AnyHandler, routeOperation, toProblemResponse } from "./route-operation.ts";
import { removeServerFile, writeServerFile } from "./server-file.ts";
import { loadToken } from "./token.ts";
import { removeLeftovers } from "./upload/spool-upload.ts";

export interface HttpDeps extends Capabilities {
  db: Database;
  clock: Clock;
  ids: Ids;
  random: Random;
  log: Log;
  /** Holds `token`, `server.json` and, while they come in, uploads. */
  dataFolder: string;
  version: string;
  /** Where to listen. Port 0: a free one. */
  host: string;
  port: number;
  limits?: { uploadBytesMax?: number; uploadFilesMax?: number };
}

/** The API, the event stream and the page, on one port. */
export interface Http {
  /** `http://127.0.0.1:4700` */
  readonly url: string;
  /** The page's address with a secret that signs in once; the secret stands after `#`, which no server and no log sees. */
  createLink(): string;
  /** Takes no new request, lets those at work end, then cuts what is left. */
  close(timeoutMs?: number): Promise<void>;
}

/** Closing twice is closing once. */
function once(close: (timeoutMs?: number) => Promise<void>): (timeoutMs?: number) => Promise<void> {
  let closed: Promise<void> | undefined;
  return (timeoutMs) => (closed ??= close(timeoutMs));
}

const PRUNE_MS = 3_600_000;

/** Listens when it resolves. @throws EADDRINUSE and its like, as Node says them */
export async function createHttp(deps: HttpDeps): Promise<Http> {
  const uploadFolder = join(deps.dataFolder, "uploads");
  await mkdir(uploadFolder, { recursive: true, mode: 0o700 });
  await removeLeftovers(uploadFolder, deps.clock.now());

  let port = deps.port;
  const authenticator = createAuthenticator({
    token: await loadToken(deps.dataFolder, deps.random),
    clock: deps.clock,
    random: deps.random,
    port: () => port,
  });
  const feed = await createFeed(deps);
  const metrics = createMetrics();
  const idempotency = createIdempotency(deps);
  const openapi = toOpenApi(deps.version) as JsonObject;
  const handlers = createHandlers({ ...deps, feed, metrics, openapi }) as unknown as Record<
    string,
    Record<string, AnyHandler>
  >;

  const newRequestId = () => Buffer.from(deps.random(9)).toString("hex");
  const app = new Hono();
  app.use(async (context, next) => {
    const requestId = newRequestId();
    context.set("requestId" as never, requestId as never);
    requireOwnHost(context.req.raw, deps.host);
    await next();
    context.res.headers.set("x-request-id", requestId);
    context.res.headers.set("x-content-type-options", "nosniff");
    // Not `no-referrer`: with it a browser sends `Origin: null` with the forms of our own pages.
    context.res.headers.set("referrer-policy", "same-origin");
    if (!context.res.headers.has("cache-control")) context.res.headers.set("cache-control", "no-store");
  });
  for (const named of listOperations())
    routeOperation(app, named, handlers[named.noun]![named.verb]!, {
      ...deps,
      authenticator,
      idempotency,
      metrics,
      upload: {
        folder: uploadFolder,
        random: deps.random,
        bytesMax: deps.limits?.uploadBytesMax ?? 1_000_000_000,
        filesMax: deps.limits?.uploadFilesMax ?? 100_000,
      },
    });
  routePages(app, { ...deps, authenticator });
  refuseOtherMethods(app);
  const requestId = (context: { get(name: never): unknown }) =>
    String(context.get("requestId" as never) ?? newRequestId());
  app.notFound((context) =>
    toProblemResponse(new RegentError("not_found", { what: "path" }), requestId(context), deps.log),
  );
  app.onError((error, context) => toProblemResponse(toRegentError(error), requestId(context), deps.log));

  const server = await listen(deps, getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  port = (server.address() as AddressInfo).port;
  const url = `http://${toHostInUrl(deps.host)}:${port}`;
  await writeServerFile(deps.dataFolder, { url, pid: process.pid });
  const pruning = setInterval(() => idempotency.prune().catch(() => {}), PRUNE_MS);
  pruning.unref();

  return {
    url,
    createLink: () => `${url}/#${authenticator.createTicket()}`,
    close: once(async (timeoutMs = 5_000) => {
      clearInterval(pruning);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await feed.close();
      // Connections that clients keep open become idle one after another, as their last answers end.
      const idle = setInterval(() => server.closeIdleConnections(), 20);
      const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
      await closed;
      clearTimeout(cut);
      clearInterval(idle);
      await removeServerFile(deps.dataFolder);
    }),
  };
}

async function listen(deps: HttpDeps, listener: ReturnType<typeof getRequestListener>): Promise<Server> {
  const options = {
    // A client that dribbles its request is cut: 10 s for the head, 10 minutes for all of it (a large upload).
    headersTimeout: 10_000,
    requestTimeout: 600_000,
    connectionsCheckingInterval: 2_000,
    keepAliveTimeout: 65_000,
  };
  const onRequest = listener as unknown as Parameters<typeof createServer>[1];
  const server = createServer(options, onRequest);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(deps.port, deps.host, resolve);
  });
  return server;
}

/** After all routes: a path that exists says which methods it takes. */
function refuseOtherMethods(app: Hono): void {
  const methods = new Map<string, Set<string>>();
  for (const { method, path } of app.routes)
    if (method !== "ALL") methods.set(path, (methods.get(path) ?? new Set()).add(method));
  for (const [path, taken] of methods) {
    const allow = [...taken, ...(taken.has("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
    app.all(path, (context) => {
      const response =
        context.req.method === "OPTIONS"
          ? new Response(null, { status: 204 })
          : toProblemResponse(
              new RegentError("method_not_allowed"),
              String(context.get("requestId" as never)),
              {} as Log,
            );
      response.headers.set("allow", allow);
      return response;
    });
  }
}

const toHostInUrl = (host: string): string =>
  host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
