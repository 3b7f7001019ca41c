import { deepEqual, equal, rejects } from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import type { Digest } from "#platform";
import type { Workspaces } from "#workspaces";
import { httpGet } from "./http-get.ts";

const TREE: Digest = "sha256:0";
const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const get = (
  input: { url: string; query?: Record<string, string>; accept?: string },
  network: string[],
  options: { signal?: AbortSignal; address?: string } = {},
) =>
  httpGet.call(
    {
      workspaces: {} as Workspaces,
      resolve: async () => [
        { address: options.address ?? "127.0.0.1", family: options.address?.includes(":") ? 6 : 4 },
      ],
    },
    input,
    { tree: TREE, inputs: [], network, signal: options.signal ?? new AbortController().signal },
  );

test("JSON comes back as values, text as text, with the query as asked", async () => {
  const place = await serve((request, response) => {
    response.setHeader("content-type", request.url === "/text" ? "text/plain" : "application/json; charset=utf-8");
    response.end(request.url === "/text" ? "hello é" : JSON.stringify({ asked: request.url, sent: request.headers }));
  });
  const json = await get({ url: `http://${place}/a?x=1`, query: { q: "a b&c" } }, [place]);
  const { asked, sent } = (json.output as { body: { asked: string; sent: Record<string, string> } }).body;
  equal(asked, "/a?x=1&q=a+b%26c");
  deepEqual(Object.keys(sent).sort(), ["accept", "accept-encoding", "connection", "host", "user-agent"]);
  equal(((await get({ url: `http://${place}/text` }, [place])).output as { body: string }).body, "hello é");
});

test("only hosts that the stage names are asked, in every spelling of them", async () => {
  const place = await serve((_, response) => response.end("inside"));
  const port = place.split(":")[1]!;
  const refused: [string, string[]][] = [
    [`http://${place}/`, []],
    [`http://${place}/`, ["127.0.0.1"]],
    [`http://${place}/`, ["127.0.0.1:1"]],
    [`http://${place}/`, ["*"]],
    [`http://${place}/`, ["*.0.0.1"]],
    [`http://2130706433:${port}/`, ["127.0.0.1"]],
    [`http://0x7f.1:${port}/`, ["example.com"]],
    [`http://[::ffff:127.0.0.1]:${port}/`, [place]],
    [`http://example.com.evil.org/`, ["example.com"]],
    [`http://evilexample.com/`, ["*.example.com"]],
    [`http://example.com:8080/`, ["example.com"]],
    [`http://example.com@evil.org/`, ["example.com"]],
    [`http://user:pass@example.com/`, ["example.com"]],
    [`file:///etc/passwd`, ["example.com"]],
    [`ftp://example.com/`, ["example.com"]],
  ];
  for (const [url, network] of refused) await rejects(get({ url }, network), { code: "network_refused" }, url);
  // The same address in another spelling is the same address: allowed where it is named with its port.
  equal(((await get({ url: `http://0x7f.1:${port}/` }, [place])).output as { body: string }).body, "inside");
});

test("a public name that leads to a private address is refused", async () => {
  for (const address of [
    "127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::",
  ]) // biome-ignore format: one table
    await rejects(
      get({ url: "https://example.com/" }, ["example.com"], { address }),
      { code: "network_refused", message: /private address/ },
      address,
    );
});

test("a redirect is checked like the first address, and ends somewhere", async () => {
  const other = await serve((_, response) => response.end("reached"));
  const place = await serve((request, response) => {
    const to =
      request.url === "/loop" ? "/loop" : request.url === "/twice" ? `http://${place}/away` : `http://${other}/`;
    response.writeHead(302, { location: to }).end();
  });
  await rejects(get({ url: `http://${place}/away` }, [place]), { code: "network_refused" });
  await rejects(get({ url: `http://${place}/twice` }, [place]), { code: "network_refused" });
  await rejects(get({ url: `http://${place}/loop` }, [place]), { code: "tool_failed", message: /redirects more than/ });
  equal(((await get({ url: `http://${place}/twice` }, [place, other])).output as { body: string }).body, "reached");
});

test("a flood, an error, HTML for JSON, a broken stream, silence: each ends with its reason", async () => {
  const place = await serve((request, response) => {
    if (request.url === "/flood") return void flood(response);
    if (request.url === "/500") return void response.writeHead(500).end("oh no");
    if (request.url === "/html") return void response.setHeader("content-type", "application/json").end("<html>");
    if (request.url === "/gzip") return void response.setHeader("content-encoding", "gzip").end("x");
    if (request.url === "/binary") return void response.end(Buffer.from([0, 1, 2]));
    if (request.url === "/cut") {
      response.writeHead(200, { "content-length": "100" }).write("half");
      return void setImmediate(() => response.destroy());
    }
  });
  const reasons: [string, RegExp][] = [
    ["/flood", /more than 5000000 bytes/],
    ["/500", /answered 500: oh no/],
    ["/html", /JSON that cannot be read/],
    ["/gzip", /gzip unasked/],
    ["/binary", /not a text/],
  ];
  for (const [path, message] of reasons)
    await rejects(get({ url: `http://${place}${path}` }, [place]), { code: "tool_failed", message }, path);
  await rejects(get({ url: `http://${place}/cut` }, [place]), /aborted|hang up/);
  const stop = new AbortController();
  const silent = get({ url: `http://${place}/silent` }, [place], { signal: stop.signal });
  setImmediate(() => stop.abort());
  await rejects(silent);
  await rejects(get({ url: "http://127.0.0.1:9/" }, ["127.0.0.1:9"]), { code: "tool_failed", message: /ECONNREFUSED/ });
  await rejects(get({ url: "not a url" }, ["x"]), { code: "tool_failed" });
});

function flood(response: ServerResponse): void {
  const chunk = Buffer.alloc(65_536, "x");
  const more = () => {
    while (!response.destroyed && response.write(chunk)) {}
  };
  response.on("drain", more);
  more();
}
