/**
 * A model provider on the loopback that speaks every dialect the gateway calls, whole and as a stream, and fails in
 * every way that providers fail. It answers what it is told to; nothing in it decides like a model.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after } from "node:test";
import { type Dialect, dialectOf } from "./fake-dialects.ts";

export interface FakeAnswer {
  text?: string;
  usage?: { input: number; output: number; cached?: number; reasoning?: number } | null;
  finish?: "stop" | "length" | "refused";
  fault?: Fault;
  /** Waited for before the answer begins. */
  delayMs?: number;
  /** Runs when the request has come, before it is answered. */
  before?(): void | Promise<void>;
}

export type Fault =
  | { kind: "status"; status: number; headers?: Record<string, string>; body?: string; type?: string }
  | { kind: "hang"; at: "headers" | "start" | "middle" }
  | { kind: "cut"; at: "start" | "middle" }
  | { kind: "html" | "garbage" | "error-event" | "echo-key" | "endless" | "whole-json" };

export interface ReceivedCall {
  dialect: Dialect["name"];
  path: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
  /** The connection was closed by the caller before the answer was complete. */
  closed: boolean;
}

export interface FakeUpstream {
  /** Without a path: what goes before `/chat/completions`, `/messages`, `/api/chat` … */
  url: string;
  calls: ReceivedCall[];
  /** Answers in this order; afterwards the last one again. A function may look at the call. */
  answer(...answers: (FakeAnswer | ((call: ReceivedCall) => FakeAnswer))[]): void;
  close(): Promise<void>;
}

export async function fakeUpstream(): Promise<FakeUpstream> {
  let close: FakeUpstream["close"] = async () => {};
  after(() => close());
  let queue: (FakeAnswer | ((call: ReceivedCall) => FakeAnswer))[] = [{ text: "ok" }];
  const calls: ReceivedCall[] = [];

  const server = createServer(async (request, response) => {
    const dialect = dialectOf(request.url ?? "");
    if (!dialect) return response.writeHead(404).end('{"error":{"message":"no such path"}}');
    const body = JSON.parse(await readAll(request));
    const headers = request.headers as Record<string, string>;
    const call: ReceivedCall = { dialect: dialect.name, path: request.url ?? "", headers, body, closed: false };
    calls.push(call);
    response.on("close", () => {
      if (!response.writableFinished) call.closed = true;
    });
    const next = (queue.length > 1 ? queue.shift() : queue[0]) ?? {};
    const answer = typeof next === "function" ? next(call) : next;
    await answer.before?.();
    if (answer.delayMs) await new Promise((resolve) => setTimeout(resolve, answer.delayMs));
    await reply(response, dialect, call, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    answer: (...answers) => {
      queue = answers;
    },
    close: () => close(),
  };
}

async function reply(response: ServerResponse, dialect: Dialect, call: ReceivedCall, answer: FakeAnswer) {
  const { fault } = answer;
  const stream = dialect.isStream(call.path, call.body) && fault?.kind !== "whole-json";
  const told = {
    model: String(call.body.model ?? "fake"),
    text: answer.text ?? "",
    finish: answer.finish ?? ("stop" as const),
    usage: answer.usage === undefined ? { input: 12, output: 7 } : answer.usage,
    usageApart: call.body.stream_options !== undefined,
  };
  if (fault?.kind === "status") {
    const type = fault.type ?? "application/json";
    const body = fault.body ?? JSON.stringify({ error: { message: `status ${fault.status}`, type: "fake_error" } });
    return response.writeHead(fault.status, { "content-type": type, ...fault.headers }).end(body);
  }
  if (fault?.kind === "html") {
    return response
      .writeHead(200, { "content-type": "text/html" })
      .end("<html><body>Sign in to the proxy</body></html>");
  }
  if (fault?.kind === "echo-key") {
    const key = call.headers.authorization ?? call.headers["x-api-key"] ?? call.headers["x-goog-api-key"] ?? "";
    const body = JSON.stringify({ error: { message: `Bad key ${key} in ${JSON.stringify(call.headers)}` } });
    return response.writeHead(400, { "content-type": "application/json" }).end(body);
  }
  if (fault?.kind === "hang" && fault.at === "headers") return;
  if (!stream) {
    return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(dialect.whole(told)));
  }
  response.writeHead(200, { "content-type": dialect.contentType });
  response.flushHeaders();
  const events = fault?.kind === "garbage" ? dialect.frame([{ hello: "there" }]) : dialect.events(told);
  const half = Math.ceil(events.length / 2);
  if (fault?.kind === "hang") {
    for (const event of fault.at === "middle" ? events.slice(0, half) : []) response.write(event);
    return;
  }
  if (fault?.kind === "cut") {
    for (const event of fault.at === "middle" ? events.slice(0, half) : []) response.write(event);
    // What was written must leave before the connection is destroyed.
    return setTimeout(() => response.destroy(), 20);
  }
  if (fault?.kind === "error-event") {
    for (const event of events.slice(0, half)) response.write(event);
    return response.end(dialect.error("Overloaded"));
  }
  if (fault?.kind === "endless") {
    const [piece = ""] = dialect.events({ ...told, text: "x".repeat(4_000) }).filter((event) => event.includes("xxx"));
    const more = () => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once("drain", more);
    };
    for (const event of events.slice(0, half)) response.write(event);
    return more();
  }
  for (const event of events) response.write(event);
  response.end();
}

async function readAll(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("utf8");
}
