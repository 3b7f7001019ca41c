import { fail, toMilliseconds } from "@regent/contract";
import type { Capabilities } from "../doors.ts";
import { toRunLog } from "../to-run-log.ts";
import type { HandlersOf } from "./handlers.ts";

export const runHandlers = ({ runs }: Capabilities): HandlersOf<"runs"> => ({
  async start(input, call) {
    if ((input.daemon === undefined) === (input.definition === undefined))
      throw fail("invalid_input", {
        errors: [{ pointer: "/daemon", message: "Give either `daemon` or `definition`." }],
      });
    return runs.get(await runs.start({ id: call.newId("run"), ...input, by: call.by }));
  },
  async list(filter) {
    const { items, nextCursor } = await runs.list(filter);
    return { items, next_cursor: nextCursor };
  },
  get: ({ id }) => runs.get(id),
  log: async ({ id }) => toRunLog(await runs.get(id)),
  async cancel({ id, reason }, call) {
    await runs.cancel(id, call.by, reason);
    return runs.get(id);
  },
  async pause({ id }, call) {
    await runs.pause(id, call.by);
    return runs.get(id);
  },
  async resume({ id }, call) {
    await runs.resume(id, call.by);
    return runs.get(id);
  },
  async replay({ id, ...changes }, call) {
    return runs.get(await runs.replay({ id: call.newId("run"), run: id, ...changes, by: call.by }));
  },
  compare: ({ id, with: other }) => runs.compare(id, other),
  prune: async ({ older_than }) => ({ removed: await runs.prune(toMilliseconds(older_than)) }),
});
