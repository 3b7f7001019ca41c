import { deepEqual, equal } from "node:assert/strict";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "#testing";
import { giveTo, makeInputsFolder, makeStartFolder } from "./working-directory.ts";

const isRoot = process.getuid?.() === 0;
/** An ordinary user can only give files to itself, which follows the same way. */
const UID = isRoot ? 1_879_100_000 : process.getuid!();

test("every entry is given away, and nothing behind a link or a second name is touched", async () => {
  const place = await temporaryFolder("give");
  const directory = join(place, "work");
  mkdirSync(join(directory, "a", "b"), { recursive: true });
  writeFileSync(join(place, "outside"), "kept", { mode: 0o755 });
  writeFileSync(join(directory, "a", "b", "file"), "x");
  symlinkSync(join(place, "outside"), join(directory, "link"));
  symlinkSync("/", join(directory, "root"));
  linkSync(join(place, "outside"), join(directory, "second-name"));
  await giveTo(directory, UID);
  for (const path of ["", "a", "a/b", "a/b/file", "link", "root", "second-name"]) {
    equal(lstatSync(join(directory, path)).uid, UID, path);
  }
  deepEqual([statSync(join(place, "outside")).uid, statSync(join(place, "outside")).nlink], [process.getuid!(), 1]);
  deepEqual(
    [readFileSync(join(directory, "second-name"), "utf8"), statSync(join(directory, "second-name")).mode & 0o777],
    ["kept", 0o755],
  );
  equal(statSync("/").uid, 0);
});

test("the folder to start in is made, and never through a link", async () => {
  const directory = await temporaryFolder("start");
  symlinkSync("/tmp", join(directory, "link"));
  equal(await makeStartFolder(directory, "", undefined), directory);
  equal(await makeStartFolder(directory, "a/b", undefined), join(directory, "a/b"));
  equal(await makeStartFolder(directory, "link/c", undefined), undefined);
  equal(existsSync("/tmp/c"), false);
});

test("a mount point for inputs replaces whatever is not a folder, and is taken away again", async () => {
  const directory = await temporaryFolder("inputs");
  symlinkSync("/tmp", join(directory, "inputs"));
  const undo = await makeInputsFolder(directory, undefined);
  equal(lstatSync(join(directory, "inputs")).isDirectory(), true);
  await undo();
  equal(existsSync(join(directory, "inputs")), false);

  mkdirSync(join(directory, "inputs"));
  writeFileSync(join(directory, "inputs", "mine"), "");
  await (await makeInputsFolder(directory, undefined))();
  equal(existsSync(join(directory, "inputs", "mine")), true);
});
