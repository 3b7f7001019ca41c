import type { LeaseStore } from "./store.ts";

/**
 * Lanes of this process that wait for a message. The engine is woken by a notification; one that was sent while its
 * connection was down is gone. So every few seconds one statement asks for messages that lie there for a lane that
 * waits, and sends the notification again.
 */
export function createWaits(store: Pick<LeaseStore, "notifyAgain">) {
  /** `run::topic`, as the engine's notifications name it, and how many lanes wait for it. */
  const open = new Map<string, number>();
  return {
    begin(run: string, topic: string): string {
      const wait = `${run}::${topic}`;
      open.set(wait, (open.get(wait) ?? 0) + 1);
      return wait;
    },
    end(wait: string): void {
      const left = (open.get(wait) ?? 1) - 1;
      if (left === 0) open.delete(wait);
      else open.set(wait, left);
    },
    /** Returns how many lanes were woken. */
    async sweep(): Promise<number> {
      return open.size === 0 ? 0 : store.notifyAgain([...open.keys()]);
    },
  };
}

export type Waits = ReturnType<typeof createWaits>;
