import { deepEqual, equal, match, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "@regent/contract";
import { listModels } from "./list-models.ts";
import { createRegistry, isKnownModel } from "./registry.ts";

/** The registry of the documents, as the company loader hands it over. */
const DOCUMENTS: JsonObject = {
  providers: {
    openai: { models: ["gpt-4.1", "gpt-4o-mini"], use_for: ["drafting"] },
    anthropic: { models: ["claude-3.7-sonnet"], use_for: ["analysis"] },
    local: { models: ["llama3.1-8b-instruct-gguf"], use_for: ["offline"] },
  },
  defaults: { chat: "openai:gpt-4o-mini" },
};
const LAB: JsonObject = {
  providers: { lab: { type: "openai-compatible", base_url: "http://127.0.0.1:9999/v1", models: ["m1", "org/m2"] } },
};

const resolve = (reference: string, file: JsonObject | null, keys: Record<string, string> = {}): string => {
  const resolved = createRegistry(file, new Map(Object.entries(keys))).resolve(reference);
  return resolved.kind === "model" ? `${resolved.provider.id}:${resolved.model.model}`
    : resolved.kind === "missing" ? `missing: ${resolved.reason}`
    : "offline"; // biome-ignore format: a table
};

describe("without any provider that can be called", () => {
  for (const reference of [
    "fast",
    "balanced",
    "deep",
    "gpt-5",
    "gpt-4",
    "claude",
    "claude-opus",
    "openai:gpt-4o-mini",
    "offline",
  ]) {
    test(`the offline model answers ${reference}`, () => {
      equal(resolve(reference, null), "offline");
      equal(resolve(reference, DOCUMENTS), "offline");
    });
  }
  test("also models that the company lists", () => {
    equal(resolve("llama3.1-8b-instruct-gguf", DOCUMENTS), "offline");
    equal(resolve("local", DOCUMENTS), "offline");
  });
  test("a name that nobody knows is missing, with the way out", () => {
    match(resolve("gtp-5", null), /^missing: nobody knows the model "gtp-5" \(known are .*; list it under a provider/);
    for (const name of ["constructor", "__proto__", "toString", ""])
      match(resolve(name, DOCUMENTS), /^missing: nobody knows/);
  });
  test("CLI agents are known and cannot be driven yet", () => {
    equal(resolve("claude-code", null), "missing: CLI agents such as claude-code cannot be driven yet");
  });
});

describe("with a key at hand", () => {
  test("tiers go to the provider that has one, known models too", () => {
    const keys = { ANTHROPIC_API_KEY: "k-12345678" };
    equal(resolve("fast", null, keys), "anthropic:claude-haiku-5-5");
    equal(resolve("balanced", null, keys), "anthropic:claude-sonnet-5-5");
    equal(resolve("claude-opus", null, keys), "anthropic:claude-opus-5-5");
    equal(resolve("anthropic:claude-next", null, keys), "anthropic:claude-next");
    equal(resolve("anthropic/claude-next", null, keys), "anthropic:claude-next");
  });
  /** Nobody who asked for a certain model gets the offline one, or another, without being told. */
  test("another provider's model is missing, and the key is named", () => {
    equal(resolve("gpt-5", null, { ANTHROPIC_API_KEY: "k-12345678" }), "missing: OPENAI_API_KEY is not set");
    equal(resolve("gpt-5", LAB), "missing: OPENAI_API_KEY is not set");
  });
  test("the company's default is the balanced tier, and its list is the choice for the others", () => {
    const keys = { OPENAI_API_KEY: "k-12345678" };
    equal(resolve("balanced", DOCUMENTS, keys), "openai:gpt-4o-mini");
    equal(resolve("deep", DOCUMENTS, keys), "openai:gpt-4.1");
    equal(
      resolve("claude-3.7-sonnet", DOCUMENTS, { ...keys, ANTHROPIC_API_KEY: "k" }),
      "anthropic:claude-3-7-sonnet-latest",
    );
  });
  test("a tier said for a model beats what Regent knows", () => {
    const file: JsonObject = { providers: { openai: { models: ["gpt-5", { id: "gpt-4o", tier: "deep" }] } } };
    equal(resolve("deep", file, { OPENAI_API_KEY: "k-12345678" }), "openai:gpt-4o");
    const asMap: JsonObject = { providers: { openai: { models: { "gpt-5": null, "gpt-4o": { tier: "deep" } } } } };
    equal(resolve("deep", asMap, { OPENAI_API_KEY: "k-12345678" }), "openai:gpt-4o");
  });
});

describe("servers of one's own", () => {
  test("need no key, and answer every tier", () => {
    for (const reference of ["m1", "lab:m1", "lab/m1", "lab", "local", "fast", "deep"])
      equal(resolve(reference, LAB), "lab:m1");
    equal(resolve("m2", LAB), "lab:org/m2");
    equal(resolve("lab:other", LAB), "lab:other");
  });
  test("without base_url cannot be called", () => {
    match(
      resolve("m1", { providers: { lab: { type: "openai-compatible", models: ["m1"] }, ollama: { models: ["q"] } } }),
      /providers\.lab in models\.yaml has no base_url/,
    );
  });
  test("with a secret that is not set cannot be called", () => {
    const file: JsonObject = {
      providers: {
        lab: { base_url: "http://127.0.0.1:1/v1", secret: "LAB", models: ["m1"] },
        o: { type: "ollama", models: ["q"] },
      },
    };
    equal(resolve("m1", file), "missing: LAB is not set");
    equal(resolve("m1", file, { LAB: "k" }), "lab:m1");
  });
});

test("open-source-only refuses closed providers whatever keys there are", () => {
  const file: JsonObject = { ...LAB, policies: { execution: "open-source-only" } };
  match(
    resolve("gpt-5", file, { OPENAI_API_KEY: "k-12345678" }),
    /the policy execution: open-source-only refuses openai/,
  );
  equal(resolve("balanced", file, { OPENAI_API_KEY: "k-12345678" }), "lab:m1");
});

test("prices come from the company first, then from the table; half a price is none", () => {
  const file: JsonObject = {
    providers: {
      openai: { models: [{ id: "gpt-4o", price: { input: 9, output: 9 } }, "gpt-4o-mini", "gpt-future"] },
      lab: {
        base_url: "http://127.0.0.1:1/v1",
        models: ["m1", "m2"],
        prices: { m1: { input: 1, output: 2 }, m2: { input: 1 } },
      },
    },
  };
  const listed = listModels(createRegistry(file, new Map()));
  const prices = Object.fromEntries(listed.map(({ id, price }) => [id, price]));
  deepEqual(prices["openai:gpt-4o"], { input: 9, output: 9 });
  deepEqual(prices["openai:gpt-4o-mini"], { input: 0.15, output: 0.6 });
  deepEqual([prices["openai:gpt-future"], prices["lab:m2"]], [null, null]);
  deepEqual(prices["lab:m1"], { input: 1, output: 2 });
});

test("the list says which models can be called and what the others lack", () => {
  const listed = listModels(createRegistry(DOCUMENTS, new Map([["OPENAI_API_KEY", "k-12345678"]])));
  const ready = listed.filter((model) => model.ready).map(({ id }) => id);
  deepEqual(ready, ["openai:gpt-4.1", "openai:gpt-4o-mini", "offline"]);
  equal(listed.find(({ provider }) => provider === "anthropic")?.missing, "ANTHROPIC_API_KEY is not set");
  ok(!JSON.stringify(listed).includes("k-12345678"));
});

test("a name in a definition is known or not, whatever keys there are", () => {
  deepEqual(
    ["gpt-5", "claude-code", "balanced", "m1", "gpt-9-preview", "nonsense"].map((name) => isKnownModel(name, LAB)),
    [true, true, true, true, true, false],
  );
});
