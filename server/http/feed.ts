import type { Change } from "@regent/contract";
import type { Database, Random } from "#platform";

/** A change with its number; `id` is what a client resumes from. */
export interface NumberedChange {
  id: string;
  change: Change;
}

/**
 * What changed, in the order in which PostgreSQL told us. The last changes stay in memory, so that a client that lost
 * its connection misses nothing; one that comes later, or from before a restart, is told that there is a gap.
 */
export interface Feed {
  /**
   * Changes after this id, or null when they are no longer known. `onClose` is called when the server drains.
   */
  after(id: string): NumberedChange[] | null;
  subscribe(onChange: (change: NumberedChange) => void, onClose: () => void): () => void;
  close(): Promise<void>;
}

export async function createFeed(deps: {
  db: Pick<Database, "listen">;
  random: Random;
  /** Changes kept for those that resume. Default 10,000. */
  keep?: number;
}): Promise<Feed> {
  const keep = deps.keep ?? 10_000;
  const epoch = Buffer.from(deps.random(6)).toString("hex");
  const kept: NumberedChange[] = [];
  const subscribers = new Set<{ onChange: (change: NumberedChange) => void; onClose: () => void }>();
  let count = 0;

  const publish = (change: Change) => {
    const numbered = { id: `${epoch}-${++count}`, change };
    kept.push(numbered);
    if (kept.length > keep * 2) kept.splice(0, kept.length - keep);
    for (const subscriber of subscribers) subscriber.onChange(numbered);
  };

  const stopListening = await deps.db.listen(
    "regent_changes",
    (payload) => {
      const change = toChange(payload);
      if (change) publish(change);
    },
    () => publish({ topic: "gap", data: {} }),
  );

  return {
    after(id) {
      const match = /^([0-9a-f]{12})-(\d{1,15})$/.exec(id);
      if (!match || match[1] !== epoch) return null;
      const last = Number(match[2]);
      const first = count - kept.length + 1;
      return last > count || last < first - 1 ? null : kept.slice(last - first + 1);
    },
    subscribe(onChange, onClose) {
      const subscriber = { onChange, onClose };
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    async close() {
      await stopListening();
      for (const subscriber of [...subscribers]) subscriber.onClose();
    },
  };
}

/** `{ "topic": "approvals", "id": "apr_…" }` → `{ topic, data: { id } }`. */
function toChange(payload: string): Change | undefined {
  try {
    const { topic, data, ...fields } = JSON.parse(payload) as { topic?: unknown; data?: object };
    return typeof topic === "string" ? { topic, data: { ...fields, ...data } } : undefined;
  } catch {
    return undefined;
  }
}
