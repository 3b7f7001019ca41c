import pg from "pg";
import type { Log } from "./log.ts";

export interface Listener {
  listen(channel: string, onMessage: (payload: string) => void, onGap?: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

interface Subscription {
  channel: string;
  onMessage(payload: string): void;
  onGap?: (() => void) | undefined;
}

const WAIT_MS = 100;
const WAIT_MS_MAX = 2_000;

/**
 * One kept connection for all channels, made at the first `listen`. When it is lost it is made again; messages of the
 * time between are lost, which `onGap` tells once the connection stands again.
 */
export function createListener(deps: { url: string; log: Log }): Listener {
  const subscriptions = new Set<Subscription>();
  let connection: pg.Client | undefined;
  let connecting: Promise<void> | undefined;
  let closed = false;

  /** Until it stands. One at a time. */
  function ensureConnection(isAgain: boolean): Promise<void> {
    connecting ??= reconnect(isAgain).finally(() => {
      connecting = undefined;
    });
    return connecting;
  }

  async function reconnect(isAgain: boolean): Promise<void> {
    for (let waitMs = WAIT_MS; !closed && !connection; waitMs = Math.min(waitMs * 2, WAIT_MS_MAX)) {
      if (isAgain) await new Promise((resolve) => setTimeout(resolve, waitMs).unref());
      isAgain = true;
      const client = new pg.Client({
        connectionString: deps.url,
        application_name: "regent listener",
        keepAlive: true,
        connectionTimeoutMillis: 10_000,
      });
      client.on("error", () => {}); // "end" follows
      client.on("notification", ({ channel, payload }) => {
        for (const subscription of subscriptions) if (subscription.channel === channel) tell(subscription, payload);
      });
      try {
        await client.connect();
        for (const channel of new Set([...subscriptions].map((each) => each.channel))) await listenOn(client, channel);
        client.once("end", onEnd);
        connection = client;
      } catch (error) {
        deps.log.debug({ reason: String(error) }, "no connection to listen on yet");
        await client.end().catch(() => {});
      }
    }
  }

  function onEnd(): void {
    connection = undefined;
    if (closed) return;
    void ensureConnection(true).then(() => {
      if (!closed) for (const subscription of subscriptions) subscription.onGap?.();
    });
  }

  function tell(subscription: Subscription, payload: string | undefined): void {
    try {
      subscription.onMessage(payload ?? "");
    } catch (error) {
      deps.log.error({ error }, "a listener failed");
    }
  }

  return {
    async listen(channel, onMessage, onGap) {
      const subscription: Subscription = { channel, onMessage, onGap };
      subscriptions.add(subscription);
      await ensureConnection(false);
      // Repeating LISTEN is harmless; a connection that is lost here listens to every channel when it is made again.
      if (connection) await listenOn(connection, channel).catch(() => {});
      return async () => {
        subscriptions.delete(subscription);
        if (!connection || [...subscriptions].some((each) => each.channel === channel)) return;
        await connection.query(`unlisten ${connection.escapeIdentifier(channel)}`).catch(() => {});
      };
    },
    async close() {
      closed = true;
      await connection?.end().catch(() => {});
    },
  };
}

const listenOn = (client: pg.Client, channel: string) => client.query(`listen ${client.escapeIdentifier(channel)}`);
