import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { fail, type Json } from "@regent/contract";
import { z } from "zod";
import { toAllowedAddress } from "./outbound.ts";
import { defineTool, type ToolDeps } from "./tool.ts";

const BYTES = 5_000_000;
const TIMEOUT_MS = 30_000;
const REDIRECTS = 5;

/**
 * Reads a page or a JSON document from a host that the stage names under `network`. It sends nothing but the address:
 * no secret, no cookie. The output is `{ status, url, type, body }`; a status of 400 or more fails the stage.
 */
export const httpGet = defineTool({
  name: "http.get",
  input: z.strictObject({
    url: z.string().max(8_000),
    query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    accept: z.string().max(200).optional(),
  }),
  async call(deps, input, call) {
    const signal = AbortSignal.any([call.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    let url = toUrl(input.url);
    for (const [name, value] of Object.entries(input.query ?? {})) url.searchParams.set(name, String(value));
    try {
      for (let redirects = 0; ; redirects++) {
        const answer = await get(deps, url, call.network, input.accept ?? "application/json, text/*;q=0.9", signal);
        const next = locationOf(answer, url);
        if (!next) return await toResult(answer, url);
        answer.destroy();
        if (redirects === REDIRECTS) throw failed(`${url.host} redirects more than ${REDIRECTS} times`);
        url = next;
      }
    } catch (error) {
      if (call.signal.aborted) throw error;
      if (signal.aborted) throw failed(`${url.host} did not answer within ${TIMEOUT_MS / 1000} s`);
      throw error;
    }
  },
});

const failed = (reason: string) => fail("tool_failed", { tool: "http.get", reason });

function toUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (!url) throw failed(`${JSON.stringify(text.slice(0, 200))} is not a URL`);
  return url;
}

async function get(
  deps: ToolDeps,
  url: URL,
  network: readonly string[],
  accept: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const allowed = await toAllowedAddress(url, network, deps.resolve);
  signal.throwIfAborted();
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    request(
      url,
      {
        signal,
        agent: false,
        // The address that was checked, whatever the name says by now. TLS still checks the name's certificate.
        lookup: (_host, options, callback) =>
          options.all
            ? callback(null, [{ address: allowed.address, family: allowed.family }])
            : callback(null, allowed.address, allowed.family),
        headers: { accept, "accept-encoding": "identity", "user-agent": "regent" },
      },
      resolve,
    )
      .on("error", (error: NodeJS.ErrnoException) =>
        reject(signal.aborted ? error : failed(`${url.host}: ${error.code ?? error.message}`)),
      )
      .end();
  });
}

function locationOf(answer: IncomingMessage, url: URL): URL | undefined {
  const redirect = [301, 302, 303, 307, 308].includes(answer.statusCode ?? 0);
  return redirect && answer.headers.location !== undefined ? toUrl(answer.headers.location, url) : undefined;
}

async function toResult(answer: IncomingMessage, url: URL) {
  const status = answer.statusCode ?? 0;
  const type = (answer.headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase();
  const text = await textOf(answer, url);
  if (status >= 400) throw failed(`${url.host} answered ${status}: ${text.slice(0, 200)}`);
  if (text.includes("\0")) throw failed(`${url.host} sent ${type || "something"} that is not a text`);
  const body = /^application\/(.*\+)?json$/.test(type) ? toJson(text, url) : text;
  return { output: { status, url: url.href, type, body }, detail: { status, url: url.href, size: text.length } };
}

async function textOf(answer: IncomingMessage, url: URL): Promise<string> {
  const encoding = answer.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") throw failed(`${url.host} sent ${encoding} unasked`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BYTES) throw failed(`${url.host} sent more than ${BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function toJson(text: string, url: URL): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw failed(`${url.host} sent JSON that cannot be read`);
  }
}
