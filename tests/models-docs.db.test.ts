import { deepEqual, equal, match, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "@regent/contract";
import { parse } from "yaml";
import { createGateway } from "#gateway";
import { fakeClock, fakeUpstream, testDatabase } from "#testing";
import { readTree } from "./architecture/tree.ts";
import { examplesOf } from "./docs/examples.ts";

const { database } = await testDatabase();
const upstream = await fakeUpstream();

const KEYS = [
  "ANTHROPIC_API_KEY",
  "OPENAI_API_KEY",
  "GOOGLE_GENERATIVE_AI_API_KEY",
  "MISTRAL_API_KEY",
  "OPENROUTER_API_KEY",
].map((name): [string, string] => [name, `sample-${name}`]);

const examples = examplesOf(readTree()).filter(({ place }) => place.startsWith("docs/models.md"));

/** What each kind of provider is called at, below the fake upstream. */
const PATHS: Record<string, string> = { google: "/v1beta", ollama: "" };

test("docs/models.md has an example for each kind of provider", () => {
  const ids = examples.flatMap(({ text }) => Object.keys(parse(text).providers));
  deepEqual(ids.sort(), ["anthropic", "google", "lab", "mistral", "ollama", "openai", "openrouter"]);
});

describe("a models.yaml as docs/models.md has it answers every tier", () => {
  for (const { place, text } of examples) {
    test(place, async () => {
      const models = parse(text) as JsonObject;
      const [[id, provider]] = Object.entries(models.providers as JsonObject) as [[string, JsonObject]];
      provider.base_url = `${upstream.url}${PATHS[id] ?? "/v1"}`;
      const gatewayWith = (secrets: Map<string, string>) =>
        createGateway({ models: () => models, secrets, database, clock: fakeClock() });
      const gateway = gatewayWith(new Map(KEYS.filter(([name]) => name.toLowerCase().startsWith(id))));
      upstream.answer({ text: "ok", usage: { input: 10, output: 2 } });
      for (const model of ["fast", "balanced", "deep"]) {
        deepEqual(gateway.missing(model), []);
        const call = { run: `run_docs_${id}`, key: model, signal: new AbortController().signal, limitNanos: 1e9 };
        const answer = await gateway.complete({ model, messages: [{ role: "user", content: "Hello." }] }, call);
        deepEqual([answer.provider, answer.offline, answer.text], [id, false, "ok"]);
        ok(answer.spent.usdNanos !== null, "it has a price");
      }
      const without = gatewayWith(
        new Map(
          [
            ["MISTRAL_API_KEY", "x"],
            ["ANTHROPIC_API_KEY", "x"],
          ].filter(([name]) => !name?.toLowerCase().startsWith(id)) as [string, string][],
        ),
      );
      const lacking = gateway.list().find((each) => each.provider === id);
      equal(lacking?.ready, true);
      const [first] = without.list().filter((each) => each.provider === id);
      if (id === "lab" || id === "ollama") equal(first?.ready, true);
      else match(String(first?.missing), /_API_KEY is not set$/);
    });
  }
});

test("a model can be tried out: how fast it is, and whether it answers in JSON", async () => {
  const { text = "" } = examples.find(({ text }) => text.includes("openai-compatible")) ?? {};
  const models = parse(text) as { providers: { lab: JsonObject } };
  models.providers.lab.base_url = `${upstream.url}/v1`;
  const clock = fakeClock();
  const gateway = createGateway({ models: () => models as JsonObject, secrets: new Map(), database, clock });
  const signal = new AbortController().signal;
  const slow = () => clock.advance(500);
  upstream.answer({ text: "one two", usage: { input: 9, output: 40 }, before: slow }, { text: '{"colour":"blue"}' });
  deepEqual(await gateway.test("m1", signal), {
    ...{ model: "lab:m1", ok: true, latency_ms: 500, tokens_per_s: 80, json_ok: true, reason: null, offline: false },
  });
  upstream.answer({ fault: { kind: "status", status: 401 } });
  const failed = await gateway.test("m1", signal);
  equal(failed.ok, false);
  match(String(failed.reason), /lab answered 401: status 401; check its key/);
  equal((await gateway.test("offline", signal)).offline, true);
});
