import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createSandbox, type ScriptControl, type ScriptSpec } from "./sandbox.ts";

const place = mkdtempSync(join(tmpdir(), "regent-sandbox-test-"));
const sandbox = await createSandbox({ directory: place });
after(async () => {
  await sandbox.close();
  rmSync(place, { recursive: true });
});

test("a driver passes its self-test here", () => ok(sandbox.driver.probe.ok, JSON.stringify(sandbox.driver)));

test("a script reads its inputs, writes its folder, and says how it ended", async () => {
  const directory = makeFolder();
  const source = join(place, "input.txt");
  writeFileSync(source, "given", { mode: 0o600 });
  writeFileSync(join(directory, "there.txt"), "before");
  const result = await run({
    directory,
    script: 'cat inputs/order.txt there.txt; echo "$NAME" >&2; echo new > made.txt; echo no > inputs/order.txt; exit 7',
    env: { NAME: "Ada $(id)" },
    inputs: [{ name: "order.txt", source }],
  });
  deepEqual([result.outcome, result.exitCode, result.stdout], ["exit", 7, "givenbefore"]);
  match(result.stderr, /^Ada \$\(id\)\n.*(Read-only|Permission)/s);
  equal(readFileSync(join(directory, "made.txt"), "utf8"), "new\n");
  equal(readFileSync(source, "utf8"), "given");
  ok(!existsSync(join(directory, "inputs")), "the mount point is gone");
});

test("hosts on the network are refused with the reason", async () => {
  await rejects(run({ network: ["example.com"] }), {
    code: "network_refused",
    message: /egress proxy .* does not exist/,
  });
});

test("an aborted script is cancelled, with all that it started", async () => {
  const stop = new AbortController();
  const signal = stop.signal;
  const onOutput = () => stop.abort();
  const result = await run({ script: "trap '' TERM; sleep 100 & sleep 100 & echo up; wait" }, { signal, onOutput });
  deepEqual([result.outcome, result.exitCode, result.stdout], ["cancelled", null, "up\n"]);
});

let folders = 0;
function makeFolder(): string {
  const folder = join(place, `work-${++folders}`);
  mkdirSync(folder);
  return folder;
}

function run(spec: Partial<ScriptSpec>, control: Partial<ScriptControl> = {}) {
  const whole = { run: "run_1", stage: "test", script: "true", env: {}, inputs: [], network: [], ...spec };
  return sandbox.run(
    { ...whole, directory: spec.directory ?? makeFolder() },
    { signal: new AbortController().signal, ...control },
  );
}

/** With one user for all, one run could signal and read another; the kernel keeps users apart by itself. */
test("runs at the same time have users, folders and results of their own", async () => {
  const results = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const directory = makeFolder();
      const script = 'echo "$N" > mine; sleep 0.2; cat mine; ls | wc -l';
      const result = await run({ directory, script, env: { N: String(index) } });
      equal(result.stdout, `${index}\n1\n`);
      return statSync(join(directory, "mine")).uid;
    }),
  );
  equal(new Set(results).size, process.getuid?.() === 0 ? 12 : 1);
});

test("the record of a run names what ran behind which walls, and holds no value", async () => {
  const { audit } = await run({ script: 'echo "$KEY" >&2; exit 3', env: { KEY: "hush-hush", B: "x" } });
  const { driver, environment, outcome, exitCode, filter, stderr, limits } = audit as Record<string, never>;
  deepEqual([environment, outcome, exitCode], [["B", "KEY"], "exit", 3]);
  match(
    JSON.stringify([driver, filter, stderr, limits]),
    /bubblewrap \d|util-linux.*sha256:[0-9a-f]{64}.*"bytes":10.*wallMs/,
  );
  ok(!JSON.stringify(audit).includes("hush"));
});

test("a script that uses the processor and memory is charged for it", async () => {
  const script = "my $x = 'x' x (60 << 20); my $t = time + 1; 1 while time <= $t; print length $x;";
  const { usage, durationMs } = await run({ script: `#!/usr/bin/perl\n${script}` });
  ok(usage.cpuMs > 50 && usage.cpuMs <= durationMs * 1.5, JSON.stringify(usage));
  ok(usage.memoryPeakMb > 55 && usage.memoryPeakMb < 150, JSON.stringify(usage));
});

test("closing the sandbox cancels what still runs", async () => {
  const other = await createSandbox({ directory: join(place, "other") });
  const spec = { run: "run_1", stage: "s", script: "sleep 100", env: {}, inputs: [], network: [] };
  const running = other.run({ ...spec, directory: makeFolder() }, { signal: new AbortController().signal });
  await other.close();
  equal((await running).outcome, "cancelled");
});

test("a large environment arrives whole", async () => {
  const value = "ü".repeat(60_000);
  const result = await run({
    script: 'printf %s "$BIG" | sha256sum; echo "${#SMALL}"',
    env: { BIG: value, SMALL: "a\nb" },
  });
  equal(result.stdout, `${createHash("sha256").update(value).digest("hex")}  -\n3\n`);
  ok(result.durationMs < 3_000, `${result.durationMs} ms`);
});

test("a folder below a link is found, and a folder that is not there is an error and not a crash", async () => {
  const directory = makeFolder();
  symlinkSync(directory, join(place, "link-to-work"));
  equal((await run({ directory: join(place, "link-to-work"), script: "echo a > b; cat b" })).stdout, "a\n");
  await rejects(run({ directory: join(place, "nowhere") }), { code: "ENOENT" });
});
