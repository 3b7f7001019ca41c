/**
 * One of several servers on one folder of locks, faster than any real one: it takes numbers, gives some back, leaves
 * others behind as a dead server would, and takes over what was left. Says how often it held a number, and every
 * number that somebody else held at the same time.
 *
 *     node tests/support/programs/contend-for-uids.ts LOCKS WITNESSES ROUNDS
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createUids, type RunUid } from "../../../server/sandbox/uids.ts";

const [locks = "", witnesses = "", rounds = "0"] = process.argv.slice(2);
const range = { first: 1_000, count: 6 };
const own = createUids(range, { locks });
const dead = createUids(range, { locks, owner: "4194305-1" });
const report = { held: 0, takenOver: 0, shared: [] as string[] };

function hold({ uid, release }: RunUid): void {
  const witness = join(witnesses, String(uid));
  report.held += 1;
  try {
    writeFileSync(witness, String(process.pid), { flag: "wx" });
    rmSync(witness);
  } catch (error) {
    report.shared.push(`${uid}: ${(error as Error).message}`);
  }
  release();
}

function take(uids: typeof own): RunUid | undefined {
  try {
    return uids.take();
  } catch {
    return undefined; // All are taken: the others are at work.
  }
}

for (let round = 0; round < Number(rounds); round += 1) {
  take(dead);
  const mine = take(own);
  if (mine) hold(mine);
  for (const left of own.takeStale()) {
    report.takenOver += 1;
    hold(left);
  }
}
process.stdout.write(JSON.stringify(report));
