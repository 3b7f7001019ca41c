import type { Feed } from "../feed.ts";
import { toEventStream } from "../to-event-stream.ts";
import type { HandlersOf } from "./handlers.ts";

export const streamHandlers = ({ feed }: { feed: Feed }): HandlersOf<"stream"> => ({
  follow({ topics }, call) {
    const body = toEventStream(feed, {
      topics: topics && new Set(topics),
      after: call.headers.get("last-event-id"),
      signal: call.signal,
    });
    // `no-transform` and `x-accel-buffering` keep proxies from holding messages back.
    return new Response(body, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store, no-transform",
        "x-accel-buffering": "no",
      },
    });
  },
});
