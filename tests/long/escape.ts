/** P15: every case in every mode, the control without walls, and every mutant. */
import { CASES } from "../escape/cases.ts";
import { isRoot, possibleModes, tryMode } from "../escape/modes.ts";
import { killerOf, MUTANTS } from "../escape/mutants.ts";

const CONTROL_MIN = 30;

export async function run() {
  const names = CASES.map(({ name }) => name);
  const counts = [];
  const alive: string[] = [];
  for (const mutant of MUTANTS) {
    // An ordinary user has no uid 0 to keep.
    if (mutant.keepsRoot && !isRoot) continue;
    if (!(await killerOf(mutant))) alive.push(mutant.name);
  }
  const mutants = MUTANTS.filter(({ keepsRoot }) => isRoot || !keepsRoot).length;
  for (const mode of possibleModes()) {
    const verdicts = await tryMode(mode, names);
    const bad = verdicts.filter(({ verdict }) => verdict !== "held");
    if (mode === "control") {
      const tripped = verdicts.filter(({ verdict }) => verdict === "escaped").length;
      counts.push({
        promise: `without walls at least ${CONTROL_MIN} of the cases get out`,
        ...{ trials: verdicts.length, failures: tripped >= CONTROL_MIN ? 0 : CONTROL_MIN - tripped },
        ...{ mutants_killed: 0, mutants: 0, notes: `${tripped} got out` },
      });
    } else {
      counts.push({
        promise: `untrusted scripts cannot reach the host nor exhaust it (${mode})`,
        ...{ trials: verdicts.length, failures: bad.length, mutants_killed: 0, mutants: 0 },
        ...(bad.length === 0
          ? {}
          : {
              notes: bad.map(({ name, verdict, evidence }) => `${name} ${verdict}: ${evidence.join(" | ")}`).join("; "),
            }),
      });
    }
  }
  counts.push({
    promise: "a hole in the walls is found",
    ...{ trials: mutants, failures: alive.length, mutants_killed: mutants - alive.length, mutants },
    ...(alive.length === 0 ? {} : { notes: `alive: ${alive.join(", ")}` }),
  });
  return counts;
}
