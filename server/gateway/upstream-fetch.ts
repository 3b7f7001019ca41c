/**
 * The fetch that the provider libraries are given. Everything that can go wrong with a connection is noticed here,
 * once for all dialects, because the libraries differ: a server that does not answer or stops in the middle, HTML in
 * place of JSON, an answer without end, plain JSON where a stream was asked for.
 */
import type { Clock } from "#platform";
import { ProviderFailure, toHttpFailure } from "./provider-failure.ts";

export interface UpstreamLimits {
  /** Until the response's headers are there. */
  headersMs: number;
  /** Between two pieces of the body. */
  idleMs: number;
  bodyBytes: number;
}

export interface Upstream {
  fetch: typeof globalThis.fetch;
  /** The first thing that went wrong; the libraries may wrap or swallow what fetch threw. */
  failure(): ProviderFailure | null;
}

/** `stop` ends the connection whatever the library does with its own signal: one of them forgets it until headers come. */
export function createUpstream(provider: string, limits: UpstreamLimits, clock: Clock, stop: AbortSignal): Upstream {
  let failure: ProviderFailure | null = null;
  const note = (found: ProviderFailure): ProviderFailure => {
    failure ??= found;
    return failure;
  };

  const send: typeof globalThis.fetch = async (input, init) => {
    const own = new AbortController();
    const signal = AbortSignal.any([stop, own.signal, ...(init?.signal ? [init.signal] : [])]);
    const timer = setTimeout(
      () => own.abort(note(new ProviderFailure("timeout", `${provider} did not answer within ${limits.headersMs} ms`))),
      limits.headersMs,
    );
    try {
      // A redirect would carry the key in a header that fetch does not strip (x-api-key) to another host.
      const response = await globalThis.fetch(input, { ...init, signal, redirect: "manual" });
      return await check(response, String(input), own);
    } catch (error) {
      if (failure ?? stop.aborted) throw failure ?? error;
      throw note(error instanceof ProviderFailure ? error : toNetworkFailure(provider, error));
    } finally {
      clearTimeout(timer);
    }
  };

  const check = async (response: Response, url: string, own: AbortController) => {
    if (!response.ok) {
      const body = await readBeginning(guard(response, own));
      throw note(toHttpFailure(provider, response.status, response.headers, body, clock.now()));
    }
    const type = response.headers.get("content-type") ?? "";
    if (/text\/html/i.test(type)) {
      own.abort();
      throw note(new ProviderFailure("html", `${provider} answered with an HTML page instead of JSON`));
    }
    const body = guard(response, own);
    if (/application\/json/i.test(type) && url.endsWith("/chat/completions")) {
      const events = toEvents(await new Response(body).text());
      if (!events)
        throw note(new ProviderFailure("garbled", `${provider} answered with JSON that is not a completion`));
      return new Response(events, { headers: { "content-type": "text/event-stream" } });
    }
    return new Response(body, { status: response.status, headers: response.headers });
  };

  /** The body with a limit on its size and on the time between its pieces. */
  const guard = (response: Response, own: AbortController) => {
    const reader = response.body?.getReader();
    let bytes = 0;
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (!reader) return controller.close();
        const idle = setTimeout(
          () =>
            own.abort(
              note(new ProviderFailure("timeout", `${provider} stopped in the middle for ${limits.idleMs} ms`)),
            ),
          limits.idleMs,
        );
        try {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          bytes += value.byteLength;
          if (bytes > limits.bodyBytes) {
            own.abort();
            throw new ProviderFailure("too-large", `${provider} sent more than ${limits.bodyBytes} bytes`);
          }
          controller.enqueue(value);
        } catch (error) {
          if (stop.aborted) return controller.error(stop.reason);
          const found = error instanceof ProviderFailure ? error : new ProviderFailure("cut", cutShort(provider));
          controller.error(note(found));
        } finally {
          clearTimeout(idle);
        }
      },
      cancel: (reason) => reader?.cancel(reason),
    });
  };

  return { fetch: send, failure: () => failure };
}

/** Small servers answer a call for a stream with one whole completion: the same as a stream of one event. */
function toEvents(body: string): string | null {
  try {
    const { choices, ...rest } = JSON.parse(body);
    if (!Array.isArray(choices) || typeof choices[0]?.message !== "object") return null;
    const { message, ...choice } = choices[0];
    const event = { ...rest, object: "chat.completion.chunk", choices: [{ ...choice, delta: message }] };
    return `data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`;
  } catch {
    return null;
  }
}

export const cutShort = (provider: string): string => `${provider} cut the answer off before its end`;

function toNetworkFailure(provider: string, error: unknown): ProviderFailure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : null;
  const detail = code ?? (cause instanceof Error ? cause.message : "unknown error");
  return new ProviderFailure("network", `${provider} cannot be reached (${detail})`);
}

async function readBeginning(body: ReadableStream<Uint8Array>): Promise<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length < 16_384) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The status says enough when its explanation is cut.
  }
  await reader.cancel().catch(() => {});
  return text;
}
