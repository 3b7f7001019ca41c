import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { createIds, silentLog, systemClock, systemRandom } from "#platform";
import { temporaryFolder, testDatabase } from "#testing";
import type { Capabilities } from "./doors.ts";
import { createHttp, type Http, type HttpDeps } from "./http.ts";

/** Nothing behind the doors: what is tested here happens before them. */
const nothing = new Proxy({}, { get: () => () => [] }) as never;
const capabilities: Capabilities = {
  runs: nothing,
  approvals: nothing,
  events: nothing,
  triggers: nothing,
  files: nothing,
  definitions: nothing,
  models: { list: () => [], test: nothing },
  system: { notReady: async () => null, status: nothing },
};

async function serve(over: Partial<HttpDeps> = {}) {
  let http: Http | undefined;
  after(() => http?.close());
  const { database } = await testDatabase();
  const dataFolder = over.dataFolder ?? (await temporaryFolder());
  http = await createHttp({
    ...capabilities,
    db: database,
    clock: systemClock,
    random: systemRandom,
    ids: createIds({ clock: systemClock, random: systemRandom }),
    log: silentLog,
    dataFolder,
    version: "0.0.0",
    host: "127.0.0.1",
    port: 0,
    ...over,
  });
  const { url } = http;
  const token = (await readFile(join(dataFolder, "token"), "utf8")).trim();
  const get = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...(init.headers as object) } });
  return { http, get, token, dataFolder };
}

test("the first start makes a token that only its owner can read, and later starts keep it", async () => {
  const { http, token, dataFolder } = await serve();
  equal((await stat(join(dataFolder, "token"))).mode & 0o777, 0o600);
  await http.close();
  await serve({ dataFolder });
  equal((await readFile(join(dataFolder, "token"), "utf8")).trim(), token);
});

test("while it runs, server.json says where it is; after, the file is gone", async () => {
  const { http, dataFolder } = await serve();
  deepEqual(JSON.parse(await readFile(join(dataFolder, "server.json"), "utf8")), { url: http.url, pid: process.pid });
  await http.close();
  await stat(join(dataFolder, "server.json")).then(
    () => ok(false),
    (error) => equal(error.code, "ENOENT"),
  );
});

test("without the token nothing but health, readiness and the document is answered", async () => {
  const { http } = await serve();
  for (const path of ["/healthz", "/readyz", "/v1/openapi.json"])
    equal((await fetch(http.url + path)).status, 200, path);
  for (const authorization of [undefined, "Bearer x", "Bearer ", "Basic eDp4"]) {
    const response = await fetch(`${http.url}/v1/gateway/models`, { headers: authorization ? { authorization } : {} });
    equal(response.status, 401);
    equal(((await response.json()) as { code: string }).code, "unauthenticated");
    match(response.headers.get("www-authenticate") ?? "", /Bearer/);
  }
});

test("a path that does not exist, and a method that a path does not take, are problems", async () => {
  const { get } = await serve();
  const missing = await get("/v1/nothing");
  equal(missing.status, 404);
  equal(missing.headers.get("content-type"), "application/problem+json");
  const wrong = await get("/v1/runs", { method: "DELETE" });
  equal(wrong.status, 405);
  equal(wrong.headers.get("allow"), "POST, GET, HEAD, OPTIONS");
  const options = await get("/v1/runs", { method: "OPTIONS" });
  equal(options.status, 204);
  const head = await get("/v1/gateway/models", { method: "HEAD" });
  equal(head.status, 200);
  equal(await head.text(), "");
});

/** A page elsewhere can make its own name point here; it must not reach even what needs no token. */
test("a foreign name in Host is refused", async () => {
  const { http } = await serve();
  const ask = (host: string) =>
    new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(http.url);
      const socket = connect(Number(port), hostname, () =>
        socket.write(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
      );
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
      });
      socket.on("end", () => resolve(text.slice(9, 12)));
      socket.on("error", reject);
    });
  equal(await ask("evil.example"), "403");
  equal(await ask("localhost:1234"), "200");
});
