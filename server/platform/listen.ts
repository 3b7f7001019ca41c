import pg from "pg";
import type { Log } from "./log.ts";

export interface Listener {
  listen(channel: string, onMessage: (payload: string) => void, onGap?: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/**
 * One kept connection for all channels. When it is lost it is made again, every 0.25 to 2 s; messages of the time
 * between are lost, which `onGap` tells once the connection stands again: look at the tables then.
 */
export function createListener(deps: { url: string; log: Log }): Listener {
  const channels = new Map<string, Set<Subscription>>();
  let connection: Promise<pg.Client> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  async function open(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: deps.url, application_name: "regent listener", keepAlive: true });
    client.on("error", () => {}); // "end" follows
    client.on("notification", ({ channel, payload }) => {
      for (const { onMessage } of channels.get(channel) ?? []) onMessage(payload ?? "");
    });
    await client.connect();
    client.once("end", () => {
      connection = undefined;
      if (!closed && channels.size > 0) reconnect(250);
    });
    for (const channel of channels.keys()) await client.query(`listen ${client.escapeIdentifier(channel)}`);
    return client;
  }

  function reconnect(waitMs: number): void {
    retry = setTimeout(async () => {
      connection = open();
      try {
        await connection;
        for (const subscription of [...channels.values()].flatMap((set) => [...set])) subscription.onGap?.();
      } catch (error) {
        connection = undefined;
        deps.log.debug({ reason: String(error) }, "still no connection to listen on");
        if (!closed) reconnect(Math.min(waitMs * 2, 2_000));
      }
    }, waitMs);
  }

  async function listen(channel: string, onMessage: Subscription["onMessage"], onGap?: () => void) {
    const subscription: Subscription = { onMessage, ...(onGap ? { onGap } : {}) };
    const subscriptions = channels.get(channel) ?? new Set();
    const isFirst = subscriptions.size === 0;
    channels.set(channel, subscriptions.add(subscription));
    if (!connection && !retry) {
      connection = open();
      connection.catch(() => {
        connection = undefined;
        if (!closed) reconnect(250);
      });
      await connection.catch(() => {});
    } else if (isFirst) {
      // Fails only when the connection is lost, and then the next one listens to all channels.
      await connection?.then((client) => client.query(`listen ${client.escapeIdentifier(channel)}`)).catch(() => {});
    }
    return async () => {
      subscriptions.delete(subscription);
      if (subscriptions.size > 0) return;
      channels.delete(channel);
      await connection?.then((client) => client.query(`unlisten ${client.escapeIdentifier(channel)}`)).catch(() => {});
    };
  }

  return {
    listen,
    async close() {
      closed = true;
      clearTimeout(retry);
      await connection?.then((client) => client.end()).catch(() => {});
    },
  };
}

interface Subscription {
  onMessage(payload: string): void;
  onGap?(): void;
}
