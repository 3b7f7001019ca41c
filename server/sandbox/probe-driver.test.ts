import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "#platform";
import { temporaryFolder } from "#testing";
import { MUTANTS } from "../../tests/escape/mutants.ts";
import { bwrapDriver } from "./bwrap-driver.ts";
import type { Driver } from "./driver.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { createPipes } from "./pipes.ts";
import { probeDriver } from "./probe-driver.ts";
import { createSandbox } from "./sandbox.ts";
import { chooseUidRange, createUids } from "./uids.ts";
import { usernsDriver } from "./userns-driver.ts";

const directory = await temporaryFolder("probe");
const range = process.getuid?.() === 0 ? chooseUidRange() : undefined;
const uids = range && createUids(range);
const probe = async (driver: Driver, changed: { uids?: undefined } = {}) => {
  const common = { clock: systemClock, directory, node: process.execPath, limits: DEFAULT_LIMITS, groups: undefined };
  return (await probeDriver({ ...common, uids, pipes: createPipes(directory), ...changed, driver })).probe;
};

test("both drivers prove themselves", async () => {
  for (const driver of [bwrapDriver, usernsDriver]) {
    const found = await probe(driver);
    ok(found.ok, JSON.stringify(found));
  }
});

/** Finding the program is no proof: it is there in each of these. */
test("walls with a hole fail the self-test", async () => {
  const holes = [
    ...["no --unshare-net", "no --unshare-pid", "tmpfs without sizes", "no --remount-ro", "no limits", "no filter"],
    ...["no filter, nested users"],
  ];
  const missed: string[] = [];
  for (const { name, driver } of MUTANTS.filter((each) => holes.includes(each.name))) {
    const found = await probe(driver);
    if (found.ok || !found.reason.startsWith("the self-test got out: "))
      missed.push(`${name}: ${JSON.stringify(found)}`);
  }
  deepEqual(missed, []);
});

test("a driver that would keep the kernel's uid 0 fails the self-test", async () => {
  const found = await probe(bwrapDriver, range ? { uids: undefined } : {});
  if (!range) return equal(found.ok, true, "an ordinary user has no uid 0 to keep");
  match(found.ok ? "" : found.reason, /got out: .*core_pattern/);
});

test("a missing program is named with its package", async () => {
  const found = await probe({ ...bwrapDriver, programs: [{ path: "/usr/bin/not-there", package: "bubblewrap" }] });
  deepEqual(found, {
    ok: false,
    reason: "/usr/bin/not-there is missing",
    fix: "Install the package bubblewrap (apt-get install bubblewrap).",
  });
});

test("walls that cannot be built say why", async () => {
  const broken = {
    ...bwrapDriver,
    command: (script: Parameters<Driver["command"]>[0]) => ({
      ...bwrapDriver.command(script),
      argv: ["/bin/sh", "-c", "echo no namespaces here >&2; exit 1"],
    }),
  };
  const found = await probe(broken);
  match(found.ok ? "" : found.reason, /did not finish \(driver-error\): no namespaces here/);
});

/** Absent means no: without walls nothing runs, and the sentence says what is missing. */
test("without a driver every script is refused", async () => {
  const sandbox = await createSandbox({ directory, drivers: [] });
  const spec = { run: "run_1", stage: "s", script: "true", env: {}, directory, inputs: [], network: [] };
  const refusal = await sandbox.run(spec, { signal: new AbortController().signal }).catch((error: unknown) => error);
  equal((refusal as { code: string }).code, "sandbox_unavailable");
  equal(sandbox.driver.probe.ok, false);
});
