import { listOperations, type Operation, type Operations, type OutputOf, type RequestOf } from "@regent/contract";
import { type ApiError, readError, unreachable } from "./api-error.ts";
import { followStream, type StreamMessage } from "./follow-stream.ts";

export { ApiError } from "./api-error.ts";
export type { StreamMessage } from "./follow-stream.ts";

export interface ClientOptions {
  /** `http://127.0.0.1:4700` */
  url: string;
  token: string;
  fetch?: typeof fetch;
  /** How often a request that is safe to repeat is tried in all. Default 4. */
  attempts?: number;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Of a POST. Default: a new one for each call, so that its own retries are safe. */
  idempotencyKey?: string;
  /** Of `files.upload`: the bytes, and their type. A stream is sent once and never tried again. */
  body?: NonNullable<RequestInit["body"]>;
  contentType?: string;
  /** Of `stream.follow`: the id to go on after. */
  after?: string;
}

type Answer<Declared extends Operation> = Declared extends { answer: "events" }
  ? AsyncIterable<StreamMessage>
  : Promise<
      Declared extends { answer: "bytes" }
        ? Response
        : Declared extends { answer: "text" }
          ? string
          : OutputOf<Declared>
    >;

type Method<Declared extends Operation> = (
  // biome-ignore lint/complexity/noBannedTypes: `{}` fits a request exactly when all its fields are optional
  ...arguments_: {} extends RequestOf<Declared>
    ? [request?: RequestOf<Declared>, options?: CallOptions]
    : [request: RequestOf<Declared>, options?: CallOptions]
) => Answer<Declared>;

/** `client.runs.start({ daemon: "code-review" })`: every operation of the API, by noun and verb. */
export type Client = {
  [Noun in keyof Operations]: {
    [Verb in keyof Operations[Noun]]: Method<Extract<Operations[Noun][Verb], Operation>>;
  };
};

/**
 * A client of a running server. Methods are made from the operations themselves.
 * Each throws `ApiError`. GET, and POST with its key, are tried again when the network or the server fails.
 */
export function createClient(options: ClientOptions): Client {
  const client: Record<string, Record<string, unknown>> = {};
  for (const { noun, verb, operation } of listOperations()) {
    client[noun] ??= {};
    client[noun][verb] = (request: Record<string, unknown> = {}, call: CallOptions = {}) =>
      operation.answer === "events"
        ? followStream(options, toUrl(options.url, operation, request), call)
        : ask(options, operation, request, call);
  }
  return client as Client;
}

async function ask(
  options: ClientOptions,
  operation: Operation,
  request: Record<string, unknown>,
  call: CallOptions,
): Promise<unknown> {
  const init = toRequestInit(options, operation, request, call);
  const isRepeatable =
    operation.method === "GET" || (operation.method === "POST" && !(call.body instanceof ReadableStream));
  const attempts = isRepeatable ? (options.attempts ?? 4) : 1;
  for (let attempt = 1; ; attempt++) {
    const outcome = await send(options, toUrl(options.url, operation, request), init, call.signal);
    if (outcome instanceof Response) return readAnswer(operation, outcome);
    if (!outcome.retryable || attempt >= attempts) throw outcome;
    await pause(outcome.retryAfterMs ?? 150 * 3 ** (attempt - 1), call.signal);
  }
}

async function send(
  options: ClientOptions,
  url: string,
  init: RequestInit,
  signal: AbortSignal | undefined,
): Promise<Response | ApiError> {
  try {
    const response = await (options.fetch ?? fetch)(url, init);
    return response.ok ? response : await readError(response);
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    return unreachable(options.url, cause);
  }
}

function readAnswer(operation: Operation, response: Response): unknown {
  if (operation.answer === "bytes") return response;
  if (operation.answer === "text") return response.text();
  return response.status === 204 ? undefined : response.json();
}

function toRequestInit(
  options: ClientOptions,
  operation: Operation,
  request: Record<string, unknown>,
  call: CallOptions,
): RequestInit {
  const headers: Record<string, string> = { authorization: `Bearer ${options.token}` };
  if (operation.method === "POST") headers["idempotency-key"] = call.idempotencyKey ?? crypto.randomUUID();
  const init: RequestInit & { duplex?: "half" } = { method: operation.method, headers };
  if (call.signal) init.signal = call.signal;
  if (operation.body === "bytes") {
    init.body = call.body ?? null;
    if (call.contentType) headers["content-type"] = call.contentType;
    if (call.body instanceof ReadableStream) init.duplex = "half";
  } else if (takesBody(operation)) {
    const inPath = pathNames(operation);
    headers["content-type"] = "application/json";
    init.body = JSON.stringify(Object.fromEntries(Object.entries(request).filter(([name]) => !inPath.has(name))));
  }
  return init;
}

function toUrl(base: string, operation: Operation, request: Record<string, unknown>): string {
  const inPath = pathNames(operation);
  const path = operation.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(request[name] ?? "")));
  const url = new URL(path, base);
  if (!takesBody(operation))
    for (const [name, value] of Object.entries(request))
      if (!inPath.has(name) && value !== undefined)
        url.searchParams.set(name, Array.isArray(value) ? value.join(",") : String(value));
  return url.href;
}

const takesBody = (operation: Operation): boolean =>
  (operation.method === "POST" || operation.method === "PUT") && operation.body !== "bytes";

const pathNames = (operation: Operation): ReadonlySet<string> =>
  new Set([...operation.path.matchAll(/:(\w+)/g)].map((match) => match[1]!));

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms * (0.75 + Math.random() / 2));
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
