import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { CASES } from "./cases.ts";
import { isRoot, type Mode, possibleModes, tryMode } from "./modes.ts";
import { killerOf, MUTANTS } from "./mutants.ts";
import type { Verdict } from "./try-case.ts";

/** Every category of escapes; the whole list and every mutant run in `npm run test:long -- escape`. */
const EVERYWHERE = [
  ...["host-file", "other-run", "environment", "first-process", "write-outside", "read-only-inputs", "programs"],
  ...["links", "hostile-tree", "set-id-files", "tcp", "udp-and-names", "unix-socket", "abstract-socket", "listening"],
  ...["vsock-alg-netlink", "snooping", "signals", "sysv-ipc", "ptrace", "mounts", "user-namespaces", "setns-and-roots"],
  ...["dangerous-calls", "keyring", "devices", "kernel-settings", "privileges", "real-user", "terminal", "descriptors"],
  ...["limits-hold", "environment-tricks", "second-run"],
];
const BOMBS = [
  ...["forks", "zombies", "memory-one", "memory-files", "memory-hidden", "disk-fill", "many-files", "output-flood"],
  ...["endless-loop", "left-behind", "secrets-on-the-host"],
];
const SAMPLES: Record<Mode, string[]> = {
  "root-groups": [...EVERYWHERE, ...BOMBS],
  root: BOMBS,
  user: [...EVERYWHERE, ...BOMBS],
  "userns-root": ["host-file", "tcp", "ptrace", "real-user", "memory-files", "left-behind"],
  "userns-user": EVERYWHERE,
  control: EVERYWHERE,
};
const modes = possibleModes();

describe("hostile scripts stay inside", () => {
  for (const mode of modes.filter((each) => each !== "control")) {
    test(`as ${mode}`, async () => {
      const verdicts = await tryMode(mode, SAMPLES[mode]);
      equal(verdicts.length, SAMPLES[mode].length);
      deepEqual(verdicts.filter(({ verdict }) => verdict !== "held").map(toLine), []);
    });
  }
});

/** A suite that nothing can fail proves nothing: without walls the same cases get out. */
test("without walls the same scripts get out", async () => {
  const verdicts = await tryMode("control", SAMPLES.control);
  const held = verdicts.filter(({ verdict }) => verdict !== "escaped").map(({ name }) => name);
  // Without root some doors are shut anyway.
  ok(verdicts.length - held.length >= (isRoot ? 30 : 20), `held without walls: ${held.join(", ")}`);
});

test("walls with a hole are found out", async () => {
  const sample = ["no --unshare-net", "no --unshare-ipc", "no filter", "no limits", "descriptors stay open"];
  for (const mutant of MUTANTS.filter(({ name }) => sample.includes(name))) ok(await killerOf(mutant), mutant.name);
});

test("the suite is as wide as it claims", () => {
  ok(CASES.length >= 60);
  equal(new Set(CASES.map(({ name }) => name)).size, CASES.length);
  const names = new Set(CASES.map(({ name }) => name));
  for (const name of [...EVERYWHERE, ...BOMBS, ...MUTANTS.flatMap(({ cases }) => cases)]) ok(names.has(name), name);
});

const toLine = ({ name, verdict, outcome, evidence }: Verdict) =>
  `${name}: ${verdict} (${outcome}) ${evidence.join(" | ")}`;
