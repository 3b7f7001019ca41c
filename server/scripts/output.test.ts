import { deepEqual, equal, rejects } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { stampOf, takeOutputFile, toOutput } from "./output.ts";

const left: string[] = [];
const folder = () => {
  const path = mkdtempSync(join(tmpdir(), "regent-output-"));
  left.push(path);
  return path;
};
after(() => {
  for (const path of left) rmSync(path, { recursive: true });
});

test("the last line counts when it is JSON, else all that was written", () => {
  deepEqual(toOutput('building\n{"ok":true}\n'), { ok: true });
  equal(toOutput("5\n"), 5);
  equal(toOutput('log\n"text"'), "text");
  equal(toOutput("one\ntwo\n"), "one\ntwo");
  equal(toOutput('{"ok":true}\nnot json\n'), '{"ok":true}\nnot json');
  equal(toOutput("x\r\n"), "x");
  equal(toOutput(""), "");
  equal(toOutput("a\n\n"), "a\n");
});

test("output.json wins and is taken out of the workspace", async () => {
  const path = folder();
  equal(await takeOutputFile(path, undefined), undefined);
  writeFileSync(join(path, "output.json"), '{"a":1}');
  deepEqual(await takeOutputFile(path, undefined), { a: 1 });
  equal(existsSync(join(path, "output.json")), false);
});

/** A stage that lists the files of a project that has an output.json must not return that file. */
test("an output.json that was there before is no result unless the script changed it", async () => {
  const path = folder();
  writeFileSync(join(path, "output.json"), '"old"');
  const before = await stampOf(path);
  equal(await takeOutputFile(path, before), undefined);
  writeFileSync(join(path, "output.json"), '"newer"');
  equal(await takeOutputFile(path, before), "newer");
  equal(existsSync(join(path, "output.json")), true);
});

test("an output.json that is no JSON, a link, a pipe or a folder is refused without waiting or following", async () => {
  for (const make of [
    (path: string) => writeFileSync(path, "{"),
    (path: string) => symlinkSync("/etc/passwd", path),
    (path: string) => execFileSync("mkfifo", [path]),
    (path: string) => mkdirSync(path),
  ]) {
    const path = folder();
    make(join(path, "output.json"));
    await rejects(takeOutputFile(path, undefined), { code: "script_output_invalid" });
  }
});
