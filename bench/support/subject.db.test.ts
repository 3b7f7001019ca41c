import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import { testDatabase } from "#testing";
import { startSubject } from "./subject.ts";

test("bare DBOS is driven as a subject: single runs, loops, steps in sequence, and an error comes back", async () => {
  const { url } = await testDatabase({ empty: true });
  const subject = await startSubject("dbos.mjs", url, 4);
  try {
    equal(subject.name, "bare DBOS 5.3.0");
    equal((await subject.call<{ value: number }>("runTen", { id: "a" })).value, 10);
    equal((await subject.repeat("runOne", { count: 3, warmUp: 1 })).length, 3);
    const gaps = await subject.runSeq("b", 5);
    deepEqual([gaps.length, gaps.every((gap) => gap > 0)], [4, true]);
    const { runs, perSecond, p50Ms, p99Ms } = await subject.loop("runTen", { concurrency: 4, forMs: 200, warmUp: 4 });
    ok(runs > 0 && perSecond > 0 && p50Ms > 0 && p99Ms >= p50Ms);
    await rejects(subject.call("absent"), /no method absent/);
  } finally {
    await subject.close();
  }
});
