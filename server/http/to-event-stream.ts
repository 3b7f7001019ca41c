import type { Feed, NumberedChange } from "./feed.ts";

const HEARTBEAT_MS = 15_000;
const WAITING_BYTES_MAX = 1_000_000;

/**
 * One client's view of the feed as server-sent events. A client that reads too slowly is let go, not buffered without
 * end: it comes back with the last id it saw.
 */
export function toEventStream(
  feed: Feed,
  options: { topics?: ReadonlySet<string>; after: string | null; signal: AbortSignal; heartbeatMs?: number },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let stop = () => {};

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string) => {
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) < 0) end();
        };
        const send = ({ id, change }: NumberedChange) => {
          const wanted = !options.topics || change.topic === "gap" || options.topics.has(change.topic);
          if (wanted) write(`id: ${id}\ndata: ${JSON.stringify(change)}\n\n`);
        };
        const heartbeat = setInterval(() => write(": still here\n\n"), options.heartbeatMs ?? HEARTBEAT_MS);
        let ended = false;
        const end = () => {
          if (ended) return;
          ended = true;
          stop();
          controller.close();
        };
        const unsubscribe = feed.subscribe((change) => !ended && send(change), end);
        stop = () => {
          ended = true;
          clearInterval(heartbeat);
          unsubscribe();
          options.signal.removeEventListener("abort", end);
        };
        options.signal.addEventListener("abort", end);

        write("retry: 1000\n\n");
        if (options.after === null) return;
        const missed = feed.after(options.after);
        if (missed === null) write(`data: ${JSON.stringify({ topic: "gap", data: {} })}\n\n`);
        else for (const change of missed) if (!ended) send(change);
      },
      cancel: () => stop(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: WAITING_BYTES_MAX }),
  );
}
