import { setImmediate } from "node:timers/promises";

// Small files are handled without leaving the thread; after so many of them others get a turn.
const TURN = 16;

/** Calls `work` for every item, at most `limit` at a time. The first error ends it, after what is in flight. */
export async function each<Item>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void> | void,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failed = false;
  let done = 0;
  const lane = async () => {
    for (let next = iterator.next(); !next.done && !failed; next = iterator.next()) {
      try {
        await work(next.value);
        if (++done % TURN === 0) await setImmediate();
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: limit }, lane));
  const broken = lanes.find((result) => result.status === "rejected");
  if (broken) throw broken.reason;
}
