import { deepEqual, equal, rejects } from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, rename, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder, testProgram } from "#testing";
import type { Digest } from "./blobs.ts";
import { digestOfBytes } from "./digest.ts";
import { createFolderBlobs } from "./folder-blobs.ts";

const words = Buffer.from("some words");
const digest = digestOfBytes(words);
const pathIn = (folder: string, of: Digest) => join(folder, of.slice(7, 9), of.slice(9));

test("what was put is got, once stored for the same bytes", async () => {
  const folder = await temporaryFolder("blobs");
  const blobs = await createFolderBlobs({ folder });
  equal(await blobs.put(words), digest);
  equal(await blobs.put(words), digest);
  deepEqual(await blobs.get(digest), words);
  equal(await blobs.has(digest), true);
  deepEqual(await readdir(join(folder, digest.slice(7, 9))), [digest.slice(9)]);
  deepEqual(await readdir(join(folder, "drafts")), []);
});

test("a file is taken by its content and left as it is; copies have the mode that was asked for", async () => {
  const folder = await temporaryFolder("blobs");
  const blobs = await createFolderBlobs({ folder: join(folder, "blobs") });
  const source = join(folder, "source");
  const big = Buffer.alloc(1_000_003, "x");
  await writeFile(source, big);
  deepEqual(await blobs.putFile(source), { digest: digestOfBytes(big), size: big.length });
  await blobs.copyTo(digestOfBytes(big), join(folder, "copy"), 0o755);
  equal((await stat(join(folder, "copy"))).mode & 0o777, 0o755);
  deepEqual(await readFile(join(folder, "copy")), await readFile(source));
  await rejects(blobs.copyTo(digestOfBytes(big), join(folder, "copy")), { code: "EEXIST" });
});

test("an empty blob is a blob", async () => {
  const blobs = await createFolderBlobs({ folder: await temporaryFolder("blobs") });
  const empty = await blobs.put(Buffer.alloc(0));
  equal((await blobs.get(empty)).length, 0);
});

test("what is not there is not found, and deleting it again is harmless", async () => {
  const blobs = await createFolderBlobs({ folder: await temporaryFolder("blobs") });
  await rejects(blobs.get(digest), { code: "not_found" });
  await rejects(blobs.copyTo(digest, "/nowhere"), { code: "not_found" });
  equal(await blobs.has(digest), false);
  await blobs.put(words);
  await blobs.delete(digest);
  await blobs.delete(digest);
  equal(await blobs.has(digest), false);
});

test("a digest that names a path is refused", async () => {
  const blobs = await createFolderBlobs({ folder: await temporaryFolder("blobs") });
  for (const bad of ["sha256:../../etc/passwd", "../x", "sha256:ABC", `sha256:${"0".repeat(63)}`, ""]) {
    await rejects(blobs.get(bad as Digest), { code: "invalid_input" }, bad);
    await rejects(blobs.delete(bad as Digest), { code: "invalid_input" }, bad);
  }
});

test("damaged content is an error and never an answer; putting the right bytes heals a cut file", async () => {
  const folder = await temporaryFolder("blobs");
  const blobs = await createFolderBlobs({ folder: join(folder, "blobs") });
  await blobs.put(words);
  const path = pathIn(join(folder, "blobs"), digest);
  await chmod(path, 0o600);
  await writeFile(path, "some wordx");
  await rejects(blobs.get(digest), { code: "internal" });
  await rejects(blobs.copyTo(digest, join(folder, "copy")), { code: "internal" });
  await rejects(stat(join(folder, "copy")), { code: "ENOENT" });
  await writeFile(path, "some");
  await blobs.put(words);
  deepEqual(await blobs.get(digest), words);
});

test("drafts of killed writers go, those of living ones stay", async () => {
  const folder = await temporaryFolder("blobs");
  await mkdir(join(folder, "drafts"));
  for (const name of ["old", "new"]) await writeFile(join(folder, "drafts", name), "half");
  await utimes(join(folder, "drafts/old"), new Date(0), new Date(0));
  await createFolderBlobs({ folder });
  deepEqual(await readdir(join(folder, "drafts")), ["new"]);
});

/** The writer says each digest when `put` returned: those must be there whole, and no other may be there in part. */
test("kill -9 while writing leaves every blob whole or absent, and what was promised is there", async () => {
  for (let round = 0; round < 5; round++) {
    const folder = await temporaryFolder("blobs");
    const writer = fork(testProgram("write-blobs.ts"), [folder], { stdio: "inherit" });
    const promised: Digest[] = [];
    const enough = new Promise<void>((done) => {
      writer.on("message", (said) => {
        promised.push(said as Digest);
        if (promised.length === 20 + round * 7) done();
      });
    });
    await enough;
    writer.kill("SIGKILL");
    await once(writer, "exit");
    const blobs = await createFolderBlobs({ folder });
    for (const each of promised) equal(digestOfBytes(await blobs.get(each)), each);
    for (const first of (await readdir(folder)).filter((name) => name !== "drafts")) {
      for (const rest of await readdir(join(folder, first))) await blobs.get(`sha256:${first}${rest}`);
    }
  }
});

test("a sweep removes what is old and named nowhere, and nothing else", async () => {
  const folder = await temporaryFolder("blobs");
  const blobs = await createFolderBlobs({ folder });
  const [live, young, old] = await Promise.all(["live", "young", "old"].map((text) => blobs.put(Buffer.from(text))));
  const longAgo = new Date(Date.now() - 48 * 3_600_000);
  for (const each of [live!, old!]) await utimes(pathIn(folder, each), longAgo, longAgo);
  deepEqual(await blobs.sweep(new Set([live!]), 24 * 3_600_000), { removed: 1, bytes: 3 });
  deepEqual(await Promise.all([live!, young!, old!].map((each) => blobs.has(each))), [true, true, false]);
});

test("what is put again while it is swept is there afterwards", async () => {
  const folder = await temporaryFolder("blobs");
  const blobs = await createFolderBlobs({ folder });
  const longAgo = new Date(Date.now() - 48 * 3_600_000);
  const texts = Array.from({ length: 40 }, (_, index) => Buffer.from(`text ${index}`));
  for (let round = 0; round < 5; round += 1) {
    for (const text of texts) {
      const path = pathIn(folder, await blobs.put(text));
      await utimes(path, longAgo, longAgo);
    }
    const [, ...put] = await Promise.all([
      blobs.sweep(new Set(), 24 * 3_600_000),
      ...texts.map((text) => blobs.put(text)),
    ]);
    for (const each of put) equal(await blobs.has(each), true);
  }
});

test("a sweep that was killed half way loses nothing", async () => {
  const folder = await temporaryFolder("blobs");
  const blobs = await createFolderBlobs({ folder });
  await blobs.put(words);
  await rename(pathIn(folder, digest), join(folder, "aside", digest.slice(7)));
  equal(await blobs.has(digest), false);
  deepEqual(await (await createFolderBlobs({ folder })).get(digest), words);
});
