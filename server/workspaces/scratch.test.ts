import { deepEqual, equal } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createScratch, removeTree } from "./scratch.ts";

const root = () => mkdtempSync(join(tmpdir(), "regent-scratch-"));

test("a scratch directory is gone when its owner leaves it", async () => {
  const folder = root();
  let path = "";
  {
    await using directory = await createScratch(folder).open();
    path = directory.path;
    writeFileSync(join(path, "file"), "x");
  }
  equal(existsSync(path), false);
  rmSync(folder, { recursive: true });
});

test("what a dead server left is swept; what a living one uses stays", async () => {
  const folder = root();
  const scratch = createScratch(folder);
  await using mine = await scratch.open();
  // A process that lived with this id but started at another moment, one whose id nobody has, and something foreign.
  for (const name of [`p${process.pid}-1-00000000`, "p4194303-5-00000000", "left"])
    mkdirSync(join(folder, name, "s-1"), { recursive: true });
  equal(await scratch.sweep(), 3);
  deepEqual(readdirSync(folder).length, 1);
  equal(existsSync(mine.path), true);
  await removeTree(folder);
});

test("folders without rights and folders deeper than any path are removed", async () => {
  const folder = root();
  mkdirSync(join(folder, "closed", "inner"), { recursive: true });
  chmodSync(join(folder, "closed"), 0);
  const nest = "for (let i = 0; i < 1500; i++) { fs.mkdirSync('dddddddd'); process.chdir('dddddddd'); }";
  execFileSync(process.execPath, ["-e", nest], { cwd: folder });
  await removeTree(folder);
  equal(existsSync(folder), false);
});
