import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { createRedactKeys, redactJson } from "./redact-keys.ts";

const KEY = 'canary"key/7f31=';
const redact = createRedactKeys([KEY, "short"]);

test("a key is removed in every form in which it may come back", () => {
  for (const form of [KEY, JSON.stringify(KEY), encodeURIComponent(KEY), Buffer.from(KEY).toString("base64")]) {
    const clean = redact(`Bearer ${form} was refused`);
    ok(!clean.includes("canary") && !clean.includes(form), clean);
  }
});

test("texts that look like keys are removed, others stay", () => {
  equal(redact("sk-proj-abcdefghijklmnop and sk-abc***********xyz"), "[key removed] and [key removed]");
  equal(redact("The task-list is short."), "The task-list is short.");
});

test("names and values of JSON are cleaned", () => {
  equal(JSON.stringify(redactJson({ [KEY]: [1, null, { a: `x${KEY}` }] }, redact)).includes("canary"), false);
});
