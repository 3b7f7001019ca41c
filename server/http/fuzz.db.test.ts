/** Nonsense at every door of the real app: always a refusal that says where, never an error of ours. */
import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { listOperations } from "@regent/contract";
import { testApi } from "#testing";
import { toOpenApi } from "./openapi.ts";

type Schema = Record<string, unknown>;

const api = await testApi({
  "note.daemon.yaml":
    "daemon: { name: Note, version: 1.0.0, stages: [ { name: Tell, type: emit, event: note.told, with: {} } ] }",
});
const document = toOpenApi("0.0.0") as { paths: Record<string, Record<string, Schema>> };

/** Values of every JSON type, and texts that have broken programs before. */
const NONSENSE: unknown[] = [
  null, true, -1, 1.5, 1e308, "", " ", "x".repeat(5_000), "\u202e", "'; drop table run; --", "../../etc/passwd", "${7*7}",
  "%00", [], [null], {}, { a: { b: [] } }, "run_", "apr_;", "-1", "2147483648",
]; // biome-ignore format: one table
const BODIES = [
  "",
  "{",
  "null",
  "[]",
  "1",
  '"x"',
  '{"__proto__":{"a":1}}',
  '{"constructor":1}',
  "[".repeat(200),
  '{"a":"\\u0000"}',
];

const operations = listOperations().filter(({ operation }) => operation.answer !== "events");

for (const { name, operation } of operations) {
  const described = document.paths[operation.path.replace(/:(\w+)/g, "{$1}")]![operation.method.toLowerCase()]!;
  const parameters = described.parameters as { name: string; in: string }[];
  const isJson = operation.method === "POST" && operation.body !== "bytes";

  test(`${name} meets nonsense with a refusal`, async () => {
    const requests: [path: string, body: unknown][] = isJson
      ? BODIES.map((body) => [toPath(operation.path), body])
      : [];
    for (const value of NONSENSE) {
      const text = encodeURIComponent(typeof value === "string" ? value.toWellFormed() : JSON.stringify(value));
      const empty = isJson ? {} : undefined;
      requests.push([operation.path.replace(/:(\w+)/g, text || "x"), empty]);
      for (const { name: parameter, in: place } of parameters)
        if (place === "query") requests.push([`${toPath(operation.path)}?${parameter}=${text}`, empty]);
      if (isJson)
        for (const field of Object.keys(operation.input.shape))
          requests.push([toPath(operation.path), { [field]: value }]);
    }
    while (requests.length > 0)
      await Promise.all(requests.splice(0, 16).map(([path, body]) => meets(operation.method, path, body)));
  });
}

async function meets(method: string, path: string, body: unknown): Promise<void> {
  const response = await api.ask(method, path, body);
  const text = await response.text();
  ok(
    response.status < 500,
    `${method} ${path.slice(0, 200)} ${JSON.stringify(body)?.slice(0, 200)} → ${response.status} ${text}`,
  );
  if (response.status < 400) return;
  equal(response.headers.get("content-type"), "application/problem+json", `${method} ${path.slice(0, 200)}`);
  const problem = JSON.parse(text) as { code: string; errors?: { pointer: string; message: string }[] };
  if (problem.code === "invalid_input")
    ok(
      problem.errors!.length > 0 && problem.errors!.every(({ pointer }) => pointer === "" || pointer.startsWith("/")),
      text,
    );
  ok(!/\n\s+at |node:internal|\/server\//.test(text), text);
}

const toPath = (path: string): string => path.replace(/:(\w+)/g, "x_1");
