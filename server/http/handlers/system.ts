import { fail, type JsonObject } from "@regent/contract";
import type { SystemDoor } from "../doors.ts";
import type { Feed } from "../feed.ts";
import type { Metrics } from "../metrics.ts";
import type { HandlersOf } from "./handlers.ts";

export interface SystemDeps {
  feed: Feed;
  metrics: Metrics;
  /** Made once, at start. */
  openapi: JsonObject;
}

export const systemHandlers = (deps: { system: SystemDoor } & SystemDeps): HandlersOf<"system"> => ({
  health: () => ({ ok: true }),
  async ready() {
    const reason = await deps.system.notReady();
    if (reason !== null) throw fail("not_ready", { reason });
    return { ok: true };
  },
  metrics: () =>
    new Response(deps.metrics.toText(), { headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" } }),
  openapi: () => deps.openapi,
  status: () => deps.system.status(),
});
