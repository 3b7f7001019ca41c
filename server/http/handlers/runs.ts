import { fail, parseDuration, RegentError } from "@regent/contract";
import type { Capabilities } from "../doors.ts";
import { invalidInput } from "../problem.ts";
import { toRunLog } from "../to-run-log.ts";
import type { HandlersOf } from "./handlers.ts";

export const runHandlers = ({ runs }: Capabilities): HandlersOf<"runs"> => ({
  async start(input, call) {
    if ((input.daemon === undefined) === (input.definition === undefined))
      throw fail("invalid_input", {
        errors: [{ pointer: "/daemon", message: "Give either `daemon` or `definition`." }],
      });
    const id = await below("/inputs", runs.start({ id: call.newId("run"), ...input, by: call.by }));
    return runs.get(id);
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
    return runs.get(await below("/set", runs.replay({ id: call.newId("run"), run: id, ...changes, by: call.by })));
  },
  compare: ({ id, with: other }) => runs.compare(id, other),
  prune: async ({ older_than }) => ({ removed: await runs.prune(parseDuration(older_than)!) }),
});

/** The kernel's pointers are into the inputs; the caller's are into the body. */
async function below<T>(field: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof RegentError) || error.code !== "invalid_input" || !Array.isArray(error.detail.errors))
      throw error;
    const errors = error.detail.errors as { pointer: string; message: string }[];
    throw invalidInput(errors.map(({ pointer, message }) => ({ pointer: field + pointer, message })));
  }
}
