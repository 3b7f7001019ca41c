import { ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { cpuMsOf, measureCpu, proportionalBytesOf, residentBytesOf, treeOf } from "./processes.ts";

test("CPU time and memory of a child are seen, and it is found below its parent", async () => {
  const child = spawn(process.execPath, [
    "-e",
    "const end = Date.now() + 300; while (Date.now() < end); console.log(1); setInterval(() => {}, 1000);",
  ]);
  const pid = child.pid as number;
  const { ownMs, othersPct, wallMs } = await measureCpu(
    () => [],
    () => new Promise((resolve) => child.stdout.once("data", resolve)),
  );
  ok(treeOf(process.pid).includes(pid));
  ok(cpuMsOf(pid) >= 100, `${cpuMsOf(pid)} ms of a 300 ms loop`);
  ok(ownMs >= 100 && wallMs >= 250 && othersPct >= 0 && othersPct <= 100);
  ok(residentBytesOf(pid) > 20e6 && proportionalBytesOf(pid) > 10e6);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  ok(cpuMsOf(pid) === 0 && residentBytesOf(pid) === 0);
});
