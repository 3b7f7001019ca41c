import { deepStrictEqual, notDeepStrictEqual, strictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { INTERPRETER } from "#kernel";
import { scenarios } from "../support/scenarios.ts";
import { play } from "../support/simulated-play.ts";

interface Histories {
  version: string;
  histories: Record<string, [number, string][]>;
}

const recorded = JSON.parse(readFileSync(new URL("histories.json", import.meta.url), "utf8")) as Histories;

/**
 * A run that waits while Regent is updated goes on under the new code: its recorded steps must stand where the new code
 * looks for them. Changing what is recorded needs a new INTERPRETER and `node scripts/record-histories.ts`.
 */
test("today's interpreter records what this version of it recorded before", async () => {
  strictEqual(INTERPRETER, recorded.version);
  deepStrictEqual(Object.keys(recorded.histories).sort(), scenarios.map((scenario) => scenario.name).sort());
  for (const scenario of scenarios) {
    const { history } = await play(scenario, { seed: 0, maxCrashes: 0 });
    deepStrictEqual(history, recorded.histories[scenario.name], scenario.name);
  }
});

test("a change of step ids is seen", async () => {
  const mutant = {
    name: "one lane more",
    lane: (lane: { split(count: number): never[] }) => ({ ...lane, split: (count: number) => lane.split(count + 1) }),
  };
  const { history } = await play(scenarios[0]!, { seed: 0, maxCrashes: 0, mutant: mutant as never });
  notDeepStrictEqual(history, recorded.histories[scenarios[0]!.name]);
});
