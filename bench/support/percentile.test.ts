import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { toLine } from "./figure.ts";
import { median, percentile } from "./percentile.ts";

test("a percentile is a value that was measured", () => {
  const values = [5, 1, 4, 2, 3];
  deepEqual(
    [0, 0.5, 0.8, 0.81, 0.99, 1].map((share) => percentile(values, share)),
    [1, 3, 4, 5, 5, 5],
  );
  equal(percentile([], 0.5), Number.NaN);
});

test("a median of an even number of values is the mean of the middle two", () => {
  deepEqual([median([9, 1, 5]), median([4, 1, 3, 2]), median([7]), median([])], [5, 2.5, 7, Number.NaN]);
});

test("a figure's line says what, value, unit, peer, ratio, reach and whether it is reached", () => {
  equal(
    toLine({
      what: "runs",
      value: 231.4,
      unit: "runs/s",
      peer: { name: "bare DBOS", value: 254 },
      ratio: 0.911,
      reach: "≥ 0.80 ×",
      ok: true,
    }),
    "runs: 231 runs/s · bare DBOS 254 · ratio 0.911 · reach ≥ 0.80 × · ok",
  );
  equal(
    toLine({ what: "wait", value: 61.25, unit: "ms", reach: "≤ 50 ms", ok: false }),
    "wait: 61.3 ms · reach ≤ 50 ms · NOT REACHED",
  );
});
