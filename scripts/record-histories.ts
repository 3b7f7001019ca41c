/** Writes what the interpreter of this version records, for `tests/replay`. Only together with a new INTERPRETER. */
import { writeFileSync } from "node:fs";
import { INTERPRETER } from "#kernel";
import { scenarios } from "../tests/support/scenarios.ts";
import { play } from "../tests/support/simulated-play.ts";

const histories: Record<string, [number, string][]> = {};
for (const scenario of scenarios) histories[scenario.name] = (await play(scenario, { seed: 0, maxCrashes: 0 })).history;
const lines = Object.entries(histories).map(
  ([name, history]) => `    ${JSON.stringify(name)}: ${JSON.stringify(history)}`,
);
const text = `{\n  "version": ${JSON.stringify(INTERPRETER)},\n  "histories": {\n${lines.join(",\n")}\n  }\n}\n`;
writeFileSync(new URL("../tests/replay/histories.json", import.meta.url), text);
