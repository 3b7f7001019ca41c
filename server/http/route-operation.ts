import { ERRORS, type IdKind, type NamedOperation, type RegentError } from "@regent/contract";
import type { Context, Hono } from "hono";
import type { Ids, Log } from "#platform";
import { type Authenticator, requireRole } from "./authenticate.ts";
import type { Call } from "./handlers/handlers.ts";
import { type Idempotency, type KeptAnswer, readIdempotencyKey, toRequestDigest } from "./idempotency.ts";
import type { Metrics } from "./metrics.ts";
import { toProblem, toRegentError } from "./problem.ts";
import { createInputReader } from "./read-input.ts";
import { type SpoolOptions, spoolUpload, type Upload } from "./upload/spool-upload.ts";

export interface RouteDeps {
  authenticator: Authenticator;
  idempotency: Idempotency;
  metrics: Metrics;
  ids: Ids;
  log: Log;
  upload: SpoolOptions;
}

export type AnyHandler = (input: never, call: Call) => unknown;

/** Makes a route of an operation: who asks, what they ask, once if they say so, the answer. */
export function routeOperation(app: Hono, named: NamedOperation, handler: AnyHandler, deps: RouteDeps): void {
  const { operation } = named;
  const readInput = createInputReader(operation);

  app.on(operation.method, operation.path, async (context: Context) => {
    const started = performance.now();
    const requestId = context.get("requestId") as string;
    let upload: Upload | undefined;
    let response: Response;
    try {
      const request = context.req.raw;
      const by = operation.allow === "public" ? "public" : authorize(request);
      const { input, body } = await readInput(request, context.req.param());
      const key = readIdempotencyKey(request);
      if (operation.body === "bytes")
        upload = await spoolUpload(request, { ...deps.upload, name: (input as { name?: string }).name });

      const call = (newId: (kind: IdKind) => string): Call => ({
        by,
        signal: request.signal,
        headers: request.headers,
        newId,
        ...(upload ? { upload } : {}),
      });
      if (operation.answer !== undefined && operation.answer !== "json") {
        response = (await handler(
          input as never,
          call((kind) => deps.ids.next(kind)),
        )) as Response;
      } else if (key !== null) {
        const digest = toRequestDigest(request, by, upload?.digest ?? body);
        response = toResponse(
          await deps.idempotency.once(key, digest, (newId) => answer(input, call(newId), requestId)),
        );
      } else {
        response = toResponse(
          await answer(
            input,
            call((kind) => deps.ids.next(kind)),
            requestId,
          ),
        );
      }
    } catch (error) {
      response = toProblemResponse(toRegentError(error), requestId, deps.log);
    } finally {
      await upload?.dispose();
    }
    deps.metrics.record(named.name, response.status, performance.now() - started);
    return response;
  });

  const authorize = (request: Request): string => {
    const principal = deps.authenticator.authenticate(request);
    requireRole(principal, operation.allow);
    return principal.name;
  };

  /** The handler's answer, or its refusal: both are what the same key gets again. */
  const answer = async (input: unknown, call: Call, requestId: string): Promise<KeptAnswer> => {
    try {
      const value = await handler(input as never, call);
      return { status: operation.status ?? 200, body: JSON.stringify(value) };
    } catch (error) {
      const refusal = toRegentError(error);
      if (ERRORS[refusal.code].status >= 500) throw refusal;
      return { status: ERRORS[refusal.code].status, body: JSON.stringify(toProblem(refusal, requestId)) };
    }
  };
}

const toResponse = ({ status, body }: KeptAnswer): Response =>
  new Response(body, {
    status,
    headers: { "content-type": status >= 400 ? "application/problem+json" : "application/json" },
  });

export function toProblemResponse(error: RegentError, requestId: string, log: Log): Response {
  const problem = toProblem(error, requestId);
  if (ERRORS[error.code].who !== "caller")
    log.error(
      { request: requestId, code: error.code, detail: error.detail, cause: error.cause ?? error },
      "a request failed",
    );
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      ...(problem.status === 401 ? { "www-authenticate": 'Bearer realm="regent"' } : {}),
      ...(problem.code === "request_in_progress" || problem.status === 503 ? { "retry-after": "1" } : {}),
      // The rest of a body that nobody reads must not be taken for the next request.
      ...(problem.status === 413 ? { connection: "close" } : {}),
    },
  });
}
