import { deepEqual, equal, ok } from "node:assert/strict";
import { after, test } from "node:test";
import { createClient, type StreamMessage } from "@regent/sdk";
import { systemRandom } from "#platform";
import { testApi, testDatabase } from "#testing";
import { createFeed, type NumberedChange } from "./feed.ts";
import { toEventStream } from "./to-event-stream.ts";

const api = await testApi({
  "note.daemon.yaml":
    "daemon: { name: Note, version: 1.0.0, stages: [ { name: Tell, type: emit, event: note.told, with: {} } ] }",
});

/** Follows until enough has come, and says what. */
async function take(count: number, options: { after?: string; topics?: string[] } = {}, meanwhile = async () => {}) {
  const stop = new AbortController();
  const messages: StreamMessage[] = [];
  const stream = api.client.stream.follow(options.topics ? { topics: options.topics } : {}, {
    signal: stop.signal,
    ...(options.after ? { after: options.after } : {}),
  });
  const reading = (async () => {
    for await (const message of stream) {
      messages.push(message);
      if (messages.length >= count) stop.abort();
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 200));
  await meanwhile();
  await reading;
  return messages;
}

const emit = (id: string) => api.client.events.emit({ type: "order.paid", id });

test("what happens is told with its topic, and only topics that were asked for", async () => {
  const [told] = await take(1, { topics: ["events"] }, async () => {
    const run = await api.client.runs.start({ daemon: "note" });
    await api.app.kernel.settled(run.id, 10_000);
  });
  equal(told!.topic, "events");
});

test("who comes back with the last id gets what was missed, once and in order", async () => {
  const [first] = await take(1, { topics: ["events"] }, async () => void (await emit("b1")));
  for (const id of ["b2", "b3", "b4"]) await emit(id);
  const missed = await take(3, { topics: ["events"], after: first!.id });
  deepEqual(
    missed.map(({ data }) => data.id),
    ["evt_b2", "evt_b3", "evt_b4"],
  );
});

test("an id that is not known any more is answered with a gap", async () => {
  for (const after of ["000000000000-1", "nonsense"]) equal((await take(1, { after }))[0]!.topic, "gap");
});

test("the client takes up a stream that was cut, without a message lost or told twice", async () => {
  let cuts = 0;
  const cutting: typeof fetch = async (input, init) => {
    const cut = new AbortController();
    if (cuts++ < 2) setTimeout(() => cut.abort(), 300);
    return fetch(input, { ...init, signal: AbortSignal.any([cut.signal, ...(init?.signal ? [init.signal] : [])]) });
  };
  const stop = new AbortController();
  const ids: unknown[] = [];
  const reading = (async () => {
    const client = createClient({ url: api.url, token: api.token, fetch: cutting });
    for await (const { data } of client.stream.follow({ topics: ["events"] }, { signal: stop.signal })) {
      ids.push(data.id);
      if (data.id === "evt_c12") stop.abort();
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (let i = 1; i <= 12; i++) {
    await emit(`c${i}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await reading;
  ok(cuts >= 2);
  deepEqual(
    ids,
    Array.from({ length: 12 }, (_, i) => `evt_c${i + 1}`),
  );
});

/** A client that never reads must not fill the server's memory. */
test("who reads too slowly is let go", async () => {
  let publish = (_: NumberedChange) => {};
  const feed = {
    after: () => null,
    subscribe: (onChange: (change: NumberedChange) => void) => {
      publish = onChange;
      return () => {
        publish = () => {};
      };
    },
    close: async () => {},
  };
  const stream = toEventStream(feed, { after: null, signal: new AbortController().signal });
  for (let i = 0; i < 3_000; i++)
    publish({ id: `a-${i}`, change: { topic: "runs", data: { text: "x".repeat(1_000) } } });
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  ok(bytes > 900_000 && bytes < 1_100_000, String(bytes));
});

test("only so many changes are kept for those who come back", async () => {
  const { database } = await testDatabase();
  const feed = await createFeed({ db: database, random: systemRandom, keep: 5 });
  after(() => feed.close());
  const heard: NumberedChange[] = [];
  feed.subscribe(
    (change) => heard.push(change),
    () => {},
  );
  for (let i = 0; i < 30; i++)
    await database.query("select pg_notify('regent_changes', $1)", [JSON.stringify({ topic: "runs", id: String(i) })]);
  while (heard.length < 30) await new Promise((resolve) => setTimeout(resolve, 5));
  equal(feed.after(heard[0]!.id), null);
  deepEqual(
    feed.after(heard[27]!.id)!.map(({ change }) => change.data.id),
    ["28", "29"],
  );
  deepEqual(feed.after(heard[29]!.id), []);
});
