import type { Json } from "@regent/contract";
import { fail } from "@regent/contract";
import type { Lane, StartRun } from "./engine.ts";

/** What a driver does under one step id. `receive` and `child` own two ids: their own and the next. */
export interface Operations {
  step(id: number, name: string, body: () => Promise<Json>): Promise<Json>;
  receive(id: number, name: string, topic: string, timeoutMs: number): Promise<Json | null>;
  child(id: number, name: string, run: StartRun): Promise<Json>;
}

/** Ids are 32-bit signed integers in the engine's table. */
const LAST_ID = 2 ** 31 - 1;
const SMALLEST_PART = 32;

/**
 * A lane over the ids `from` to `to` (exclusive). Ids are taken synchronously, in the order of the calls, so what a
 * lane's owner does in sequence has the same ids on every replay, however other lanes advance.
 */
export function createLane(operations: Operations, from = 0, to = LAST_ID): Lane {
  let next = from;
  let end = to;

  const take = (count: number): number => {
    if (next + count > end) throw fail("too_many_items", { count: end - from, limit: end - from });
    const id = next;
    next += count;
    return id;
  };

  return {
    step: (name, body) => operations.step(take(1), name, body),
    receive: (name, topic, timeoutMs) => operations.receive(take(2), name, topic, timeoutMs),
    child: (name, run) => operations.child(take(2), name, run),
    split(count) {
      const size = Math.floor((end - next) / (count + 1));
      if (size < SMALLEST_PART)
        throw fail("too_many_items", { count, limit: Math.max(0, Math.floor((end - next) / SMALLEST_PART) - 1) });
      end = next + size;
      const first = end;
      return Array.from({ length: count }, (_, i) => createLane(operations, first + i * size, first + (i + 1) * size));
    },
  };
}
