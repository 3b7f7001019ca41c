import { deepEqual, equal, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder, testApi } from "#testing";

const api = await testApi({});
const auth = { authorization: `Bearer ${api.token}` };
const post = (body: RequestInit["body"], type: string | null, query = "") =>
  fetch(`${api.url}/v1/files${query}`, {
    method: "POST",
    headers: { ...auth, ...(type === null ? {} : { "content-type": type }) },
    body: body ?? null,
    duplex: "half",
  } as RequestInit);
const entriesOf = async (response: Response) => {
  const file = (await response.json()) as { id: string; kind: string };
  equal(response.status, 201, JSON.stringify(file));
  const { entries } = await api.client.files.get({ id: file.id });
  return { ...file, entries: entries.map(({ path, kind }) => `${kind} ${path}`).sort() };
};

test("a raw body is a file under its name; the same bytes have the same digest", async () => {
  const a = await api.client.files.upload({ name: "a.txt" }, { body: "hello", contentType: "text/plain" });
  const b = await api.client.files.upload({ name: "a.txt" }, { body: "hello", contentType: "image/png" });
  deepEqual([a.kind, a.name, a.size, a.digest], ["file", "a.txt", 5, b.digest]);
  const response = await api.client.files.download({ id: a.id });
  equal(await response.text(), "hello");
  // What came from outside is never shown as a page of ours.
  equal(response.headers.get("content-type"), "application/octet-stream");
  ok(response.headers.get("content-disposition")?.startsWith("attachment"));
});

test("a tar is a folder: long names, folders, links and executables arrive", async () => {
  const folder = await temporaryFolder();
  const long = `${"d".repeat(90)}/${"f".repeat(90)}.txt`;
  await mkdir(join(folder, "d".repeat(90)));
  await writeFile(join(folder, long), "long");
  await writeFile(join(folder, "run.sh"), "#!/bin/sh\n");
  await chmod(join(folder, "run.sh"), 0o755);
  await symlink("run.sh", join(folder, "link"));
  for (const format of ["gnu", "pax"]) {
    const tar = execFileSync("tar", ["-c", `--format=${format}`, "-C", folder, "."]);
    const { kind, entries } = await entriesOf(await post(tar, "application/x-tar", "?name=shop"));
    equal(kind, "folder");
    deepEqual(
      entries.filter((entry) => !entry.startsWith("folder")),
      [`file ${long}`, "file run.sh", "link link"].sort(),
    );
  }
});

test("a form with one file is a file, with several a folder", async () => {
  const one = new FormData();
  one.append("file", new Blob(["x"]), 'na"me.txt');
  deepEqual(
    (await entriesOf(await fetch(`${api.url}/v1/files`, { method: "POST", headers: auth, body: one }))).entries,
    ['file na"me.txt'],
  );
  const several = new FormData();
  several.append("note", "a field without a file");
  several.append("file", new Blob(["--not a boundary\r\n--"]), "a.txt");
  several.append("file", new Blob([""]), "b.txt");
  const folder = await entriesOf(await fetch(`${api.url}/v1/files`, { method: "POST", headers: auth, body: several }));
  deepEqual([folder.kind, folder.entries], ["folder", ["file a.txt", "file b.txt"]]);
});

/** Paths in a tar are an outsider's: none may leave the folder, and no file may be written through a link. */
test("a tar that would write elsewhere is refused, and nothing of it stays", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "a"), "x");
  const tar = (...flags: string[]) => execFileSync("tar", ["-c", "-P", ...flags, "-C", folder, "a"]);
  const through = execFileSync("sh", [
    "-c",
    `cd ${folder} && ln -s ${folder} out && tar -cf t.tar out && rm out && mkdir out && echo x > out/b && tar -rf t.tar out/b && cat t.tar`,
  ]);
  for (const [name, bytes] of [
    ["up", tar("--transform=s,a,../a,")],
    ["absolute", tar("--transform=s,a,/tmp/a,")],
    ["through a link", through],
    ["no tar", Buffer.alloc(1024, "x")],
    ["cut", tar().subarray(0, 600)],
  ] as const) {
    const response = await post(bytes, "application/x-tar");
    equal(response.status, 400, name);
    equal(((await response.json()) as { code: string }).code, "invalid_input", name);
  }
  deepEqual(await readdir(join(api.dataFolder, "uploads")), []);
});

test("a body over the limit is refused before it is read", async () => {
  const response = await new Promise<string>((resolve, reject) => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname, () =>
      socket.write(
        `POST /v1/files HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: ${auth.authorization}\r\nContent-Length: 2000000000\r\n\r\nx`,
      ),
    );
    socket.once("data", (chunk) => {
      resolve(String(chunk));
      socket.destroy();
    });
    socket.on("error", reject);
  });
  ok(response.startsWith("HTTP/1.1 413"), response.slice(0, 100));
  const json = await api.ask("POST", "/v1/events", JSON.stringify({ type: "a", data: { a: "x".repeat(5_000_000) } }));
  equal(json.status, 413);
});

test("a body of another kind is refused", async () => {
  equal((await post("x", "multipart/mixed; boundary=a")).status, 415);
  equal((await api.ask("POST", "/v1/events", "type=a", { "content-type": "text/plain" })).status, 415);
});

test("the same key and the same bytes are the same file; other bytes are refused", async () => {
  const send = (body: string) =>
    fetch(`${api.url}/v1/files?name=a`, { method: "POST", headers: { ...auth, "idempotency-key": "one" }, body });
  const [a, b] = [
    (await (await send("x")).json()) as { id: string },
    (await (await send("x")).json()) as { id: string },
  ];
  equal(a.id, b.id);
  equal((await send("y")).status, 409);
});

test("a sender that goes away in the middle leaves nothing behind", async () => {
  const { hostname, port } = new URL(api.url);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `POST /v1/files HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: ${auth.authorization}\r\nContent-Length: 1000\r\n\r\nx`,
      );
      setTimeout(() => socket.destroy(), 100);
    });
    socket.on("close", () => resolve());
  });
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await readdir(join(api.dataFolder, "uploads"))).length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  deepEqual(await readdir(join(api.dataFolder, "uploads")), []);
  equal((await readFile(join(api.dataFolder, "token"), "utf8")).trim(), api.token);
});
