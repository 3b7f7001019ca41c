import { fail, type Json } from "@regent/contract";
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
  return new IdRange(operations, from, to);
}

class IdRange implements Lane {
  readonly #operations: Operations;
  #next: number;
  #end: number;

  constructor(operations: Operations, from: number, to: number) {
    this.#operations = operations;
    this.#next = from;
    this.#end = to;
  }

  step(name: string, body: () => Promise<Json>): Promise<Json> {
    return this.#operations.step(this.#take(1), name, body);
  }

  receive(name: string, topic: string, timeoutMs: number): Promise<Json | null> {
    return this.#operations.receive(this.#take(2), name, topic, timeoutMs);
  }

  child(name: string, run: StartRun): Promise<Json> {
    return this.#operations.child(this.#take(2), name, run);
  }

  split(count: number): Lane[] {
    const size = Math.floor((this.#end - this.#next) / (count + 1));
    if (size < SMALLEST_PART) {
      const limit = Math.max(0, Math.floor((this.#end - this.#next) / SMALLEST_PART) - 1);
      throw fail("too_many_items", { count, limit });
    }
    this.#end = this.#next + size;
    const first = this.#end;
    return Array.from(
      { length: count },
      (_, i) => new IdRange(this.#operations, first + i * size, first + (i + 1) * size),
    );
  }

  #take(count: number): number {
    const id = this.#next;
    if (id + count > this.#end) throw fail("too_many_items", { count, limit: this.#end - id });
    this.#next += count;
    return id;
  }
}
