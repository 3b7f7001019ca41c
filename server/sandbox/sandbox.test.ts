import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
