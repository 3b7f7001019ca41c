import { equal } from "node:assert/strict";
import type { BigIntStats } from "node:fs";
import { test } from "node:test";
import { fingerprints } from "./fingerprints.ts";

const MS = 1_000_000n;
const stats = (ctimeMs: number, more: Partial<Record<"size" | "mtimeNs" | "ino", bigint>> = {}) =>
  ({ dev: 1n, ino: 2n, size: 4n, mtimeNs: 0n, ...more, ctimeNs: BigInt(ctimeMs) * MS }) as BigIntStats;

function known() {
  const files = fingerprints();
  files.remember("/d", "old", stats(1000), "sha256:old");
  files.remember("/d", "late", stats(2000), "sha256:late");
  return files.take("/d");
}

test("a file that is as it was need not be read again", () => {
  equal(known()("old", stats(1000)), "sha256:old");
});

test("any other stamp means that it is read", () => {
  equal(known()("old", stats(1001)), undefined);
  equal(known()("old", stats(1000, { size: 5n })), undefined);
  equal(known()("old", stats(1000, { mtimeNs: 1n })), undefined);
  equal(known()("old", stats(1000, { ino: 3n })), undefined);
  equal(known()("new", stats(1000)), undefined);
});

/** Within one tick of the kernel's clock a change leaves the ctime as it is. */
test("a file made in the last moments of a check-out is read again", () => {
  equal(known()("late", stats(2000)), undefined);
});

test("what is known of a directory is handed over once", () => {
  const files = fingerprints();
  files.remember("/d", "old", stats(1000), "sha256:old");
  files.remember("/d", "late", stats(2000), "sha256:late");
  files.take("/d");
  equal(files.take("/d")("old", stats(1000)), undefined);
});
