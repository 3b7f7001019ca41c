import { readError } from "./api-error.ts";
import type { CallOptions, ClientOptions } from "./client.ts";

export interface StreamMessage {
  /** What to resume after; empty for `gap`, after which everything must be read again. */
  id: string;
  topic: string;
  data: Record<string, unknown>;
}

const RECONNECT_MS_MAX = 10_000;

/**
 * Changes as they come, for as long as the caller wants. A lost connection is taken up again after the last id;
 * ends when the signal aborts. A refusal (401, 400) is thrown.
 */
export async function* followStream(
  options: ClientOptions,
  url: string,
  call: CallOptions,
): AsyncGenerator<StreamMessage> {
  let last = call.after;
  for (let waitMs = 200; !call.signal?.aborted; waitMs = Math.min(waitMs * 2, RECONNECT_MS_MAX)) {
    try {
      const response = await (options.fetch ?? fetch)(url, {
        headers: {
          authorization: `Bearer ${options.token}`,
          accept: "text/event-stream",
          ...(last ? { "last-event-id": last } : {}),
        },
        ...(call.signal ? { signal: call.signal } : {}),
      });
      if (!response.ok || !response.body) {
        const error = await readError(response);
        if (!error.retryable) throw error;
      } else {
        for await (const message of parseEvents(response.body)) {
          waitMs = 200;
          if (message.id !== "") last = message.id;
          yield message;
        }
      }
    } catch (error) {
      if (call.signal?.aborted) return;
      if ((error as { name?: string }).name === "ApiError") throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** Server-sent events, by the HTML standard's rules for `id` and `data`. */
async function* parseEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const blocks = text.split(/\r?\n\r?\n/);
      text = blocks.pop()!;
      for (const block of blocks) {
        const fields = block.split(/\r?\n/).map((line) => /^(\w+): ?(.*)$/.exec(line));
        const data = fields.flatMap((field) => (field?.[1] === "data" ? [field[2]] : [])).join("\n");
        if (data === "") continue;
        yield { id: fields.find((field) => field?.[1] === "id")?.[2] ?? "", ...JSON.parse(data) };
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
