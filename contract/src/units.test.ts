import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { formatDuration, nearest, parseDuration, parseMoney, parseSize, toMicros } from "./index.ts";

test("durations are whole milliseconds and are written back in their shortest form", () => {
  const cases: [string, number | undefined][] = [
    ["500ms", 500], ["2s", 2_000], ["1.5h", 5_400_000], ["1h30m", 5_400_000], ["7d", 604_800_000],
    ["", undefined], ["5", undefined], ["5 m", undefined], ["-3s", undefined], ["1y", undefined], ["99999999d", undefined],
  ]; // biome-ignore format: one table
  for (const [text, ms] of cases) equal(parseDuration(text), ms, text);
  for (const ms of [0, 1, 1_000, 90_000, 3_600_000, 86_400_001]) equal(parseDuration(formatDuration(ms)), ms);
});

test("money is exact in millionths, and what is not exact is refused", () => {
  deepEqual(parseMoney("$4.99"), { micros: 4_990_000, currency: "USD" });
  deepEqual(parseMoney("4.99 EUR"), { micros: 4_990_000, currency: "EUR" });
  deepEqual(parseMoney("-€1,000.000001"), { micros: -1_000_000_001, currency: "EUR" });
  deepEqual(toMicros("0.1", "USD"), { micros: 100_000, currency: "USD" });
  for (const text of ["4.99", "$", "$1.0000001", "4.99EUR", "1e3 USD", "$99999999999999999"])
    equal(parseMoney(text), undefined, text);
});

test("sizes are bytes", () => {
  equal(parseSize("512MB"), 512_000_000);
  equal(parseSize("1.5 GiB"), 1_610_612_736);
  for (const text of ["lots", "512", "-1MB", "1XB"]) equal(parseSize(text), undefined, text);
});

test("the nearest name is one that was probably meant, and none when none is near", () => {
  const known = ["prompt", "script", "stages", "on_error"];
  equal(nearest("promt", known), "prompt");
  equal(nearest("scirpt", known), "script");
  equal(nearest("On-Error", known), "on_error");
  equal(nearest("budget", known), undefined);
  equal(nearest("x".repeat(10_000), known), undefined);
});
