import { deepEqual, equal, ok } from "node:assert/strict";
import { closeSync, linkSync, mkdirSync, openSync, renameSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from "node:fs"; // biome-ignore format: a list
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "#testing";
import { freeOf, measure, namelessBytes } from "./disk-usage.ts";

const NO_LIMITS = { bytes: Number.POSITIVE_INFINITY, files: Number.POSITIVE_INFINITY };
const KB = 1024;

test("what counts is what the disk gives: no holes, no second names, nothing behind links", async () => {
  const directory = await temporaryFolder("measure");
  mkdirSync(join(directory, "a"));
  writeFileSync(join(directory, "a", "full"), Buffer.alloc(100 * KB, 1));
  linkSync(join(directory, "a", "full"), join(directory, "again"));
  writeFileSync(join(directory, "sparse"), "");
  truncateSync(join(directory, "sparse"), 500 * KB * KB);
  symlinkSync("/usr", join(directory, "usr"));
  const use = await measure(directory, NO_LIMITS);
  ok(use.bytes >= 100 * KB && use.bytes < 140 * KB, `${use.bytes}`);
  deepEqual([use.files, use.tooDeep], [4, false]);
});

test("counting stops at a limit and at a depth that no honest tree has", async () => {
  const directory = await temporaryFolder("deep");
  for (let index = 0; index < 300; index += 1) writeFileSync(join(directory, String(index)), "");
  equal((await measure(directory, { bytes: NO_LIMITS.bytes, files: 100 })).files, 101);
  mkdirSync(join(directory, ...Array<string>(250).fill("d")), { recursive: true });
  equal((await measure(directory, NO_LIMITS)).tooDeep, true);
});

test("a folder that becomes a link while it is measured leads nowhere", async () => {
  const place = await temporaryFolder("swap");
  const [directory, outside] = [join(place, "work"), join(place, "outside")];
  mkdirSync(join(directory, "d"), { recursive: true });
  mkdirSync(outside);
  for (let index = 0; index < 500; index += 1) writeFileSync(join(outside, String(index)), "");
  symlinkSync(outside, join(directory, "l"));
  let swaps = 0;
  const swapping = setInterval(() => {
    swaps += 1;
    renameSync(join(directory, "d"), join(directory, "t"));
    renameSync(join(directory, "l"), join(directory, "d"));
    renameSync(join(directory, "t"), join(directory, "l"));
  });
  for (let index = 0; index < 400; index += 1) writeFileSync(join(directory, `f${index}`), "");
  for (let round = 0; round < 30; round += 1) {
    const { files } = await measure(directory, NO_LIMITS);
    ok(files >= 400 && files <= 403, `${files} entries after ${swaps} swaps`);
  }
  clearInterval(swapping);
});

test("a file without a name is found by whoever holds it open", async () => {
  const directory = await temporaryFolder("nameless");
  const path = join(directory, "gone");
  writeFileSync(path, Buffer.alloc(64 * KB, 1));
  const held = openSync(path, "r");
  equal(namelessBytes([process.pid], directory), 0);
  unlinkSync(path);
  const size = namelessBytes([process.pid], directory);
  ok(size >= 64 * KB && size < 80 * KB, `${size}`);
  closeSync(held);
});

test("a folder that has gone has no free space to tell of", async () => {
  const directory = await temporaryFolder("free");
  ok((freeOf(directory)?.bytes ?? 0) > 0);
  equal(freeOf(join(directory, "gone")), undefined);
});
