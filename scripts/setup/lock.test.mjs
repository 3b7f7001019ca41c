import { deepEqual, equal, rejects } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { withLock } from "./lock.mjs";

const parent = mkdtempSync(join(tmpdir(), "regent-lock-"));
after(() => rmSync(parent, { recursive: true }));
const lockFile = () => join(mkdtempSync(join(parent, "one-")), "lock");
const deadPid = () => spawnSync(process.execPath, ["-e", ""]).pid;

test("of many processes that start at once only one works at a time, also when the file of a dead one lies there", async () => {
  const path = lockFile();
  const log = `${path}.log`;
  writeFileSync(path, `${deadPid()} ${hostname()}`);
  const program = `
    import { appendFileSync } from "node:fs";
    import { withLock } from ${JSON.stringify(new URL("./lock.mjs", import.meta.url).href)};
    const [path, log] = process.argv.slice(1);
    await withLock(path, async () => {
      appendFileSync(log, "in ");
      await new Promise((resolve) => setTimeout(resolve, 5));
      appendFileSync(log, "out ");
    });`;
  const ended = Array.from({ length: 6 }, () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, path, log], { stdio: "inherit" });
    return new Promise((resolve) => child.on("exit", resolve));
  });
  deepEqual(await Promise.all(ended), [0, 0, 0, 0, 0, 0]);
  equal(readFileSync(log, "utf8"), "in out ".repeat(6));
  equal(existsSync(path), false);
});

test("a file that nobody has touched for a while is taken over, whoever wrote it", async () => {
  const path = lockFile();
  writeFileSync(path, "1 another-host");
  utimesSync(path, new Date(0), new Date(0));
  equal(await withLock(path, async () => "worked"), "worked");
});

test("a living holder is waited for and named, and in the end the wait gives up", async () => {
  const path = lockFile();
  writeFileSync(path, `${process.pid} ${hostname()}`);
  const waitedFor = [];
  await rejects(
    withLock(path, async () => {}, { waitMs: 150, onWait: (pid) => waitedFor.push(pid) }),
    /Another set-up holds/,
  );
  deepEqual(waitedFor, [String(process.pid)]);
});

test("work that throws gives the lock back", async () => {
  const path = lockFile();
  await rejects(
    withLock(path, async () => {
      throw new Error("no network");
    }),
    /no network/,
  );
  equal(existsSync(path), false);
});
