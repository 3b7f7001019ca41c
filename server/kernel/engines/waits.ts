import type { createLeaseStore } from "./store.ts";

/**
 * Lanes of this process that wait for a message. The engine is woken by a notification; one that was sent while its
 * connection was down is gone, and its own poll comes after minutes. So every few seconds one statement asks for
 * messages that lie there for a lane that waits, and sends the notification again.
 */
export function createWaits(store: Pick<ReturnType<typeof createLeaseStore>, "notifyAgain">) {
  const open = new Map<string, { run: string; topic: string; count: number }>();
  return {
    begin(run: string, topic: string): () => void {
      const key = `${run}::${topic}`;
      const known = open.get(key) ?? { run, topic, count: 0 };
      known.count += 1;
      open.set(key, known);
      return () => {
        known.count -= 1;
        if (known.count === 0) open.delete(key);
      };
    },
    /** Returns how many lanes were woken. */
    async sweep(): Promise<number> {
      if (open.size === 0) return 0;
      const waits = [...open.values()];
      return store.notifyAgain(
        waits.map((wait) => wait.run),
        waits.map((wait) => wait.topic),
      );
    },
  };
}

export type Waits = ReturnType<typeof createWaits>;
