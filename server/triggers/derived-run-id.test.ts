import assert from "node:assert/strict";
import test from "node:test";
import { RunId } from "@regent/contract";
import { derivedRunId } from "./derived-run-id.ts";

test("the same cause is the same run, another cause another", () => {
  assert.equal(derivedRunId(5, "event", "evt_1", "a"), derivedRunId(5, "event", "evt_1", "a"));
  assert.notEqual(derivedRunId(5, "event", "evt_1", "a"), derivedRunId(5, "event", "evt_1", "b"));
  assert.notEqual(derivedRunId(5, "event", "evt_1", "a"), derivedRunId(5, "event", "evt_1a", ""));
});

test("it is a run's id, and sorts by time", () => {
  const ids = [0, 1, 31, 32, 1_767_225_600_000, 1_767_225_600_001].map((time) => derivedRunId(time, "x"));
  for (const id of ids) assert.ok(RunId.safeParse(id).success, id);
  assert.deepEqual(ids.toSorted(), ids);
});
