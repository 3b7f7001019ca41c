import { deepEqual, equal, rejects } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createFolderBlobs, systemClock } from "#platform";
import { removeTree } from "./scratch.ts";
import { createWorkspaces, type WorkspacesDeps } from "./workspaces.ts";

const left: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "regent-tree-"));
  left.push(path);
  return path;
};
after(async () => {
  for (const path of left) await removeTree(path);
});

async function machine(deps: Partial<WorkspacesDeps> = {}) {
  const blobs = await createFolderBlobs({ folder: folder() });
  return { blobs, ...(await createWorkspaces({ blobs, clock: systemClock, ...deps })) };
}

test("a tree comes back as it was: files, modes, empty folders, links, and any name", async () => {
  const workspaces = await machine();
  const source = folder();
  mkdirSync(join(source, "empty/inner"), { recursive: true });
  writeFileSync(join(source, "run.sh"), "echo hi\n");
  chmodSync(join(source, "run.sh"), 0o755);
  writeFileSync(join(source, "none"), "");
  const names = ["line\nbreak", "tab\tquote\"'`$(x)", " ", "-rf", "é", "e\u0301", "😀", "n".repeat(255), "\\u0041"];
  for (const name of names) writeFileSync(join(source, name), name);
  symlinkSync("../../etc/passwd", join(source, "out"));
  symlinkSync("none", join(source, "in"));
  const tree = await workspaces.checkIn(source);

  const target = folder();
  await workspaces.checkOut(tree, target);
  for (const name of names) equal(readFileSync(join(target, name), "utf8"), name);
  equal(lstatSync(join(target, "run.sh")).mode & 0o777, 0o755);
  equal(lstatSync(join(target, "none")).mode & 0o777, 0o644);
  equal(lstatSync(join(target, "empty/inner")).isDirectory(), true);
  equal(readlinkSync(join(target, "out")), "../../etc/passwd");
  equal(await workspaces.checkIn(target), tree);
});

test("the digest depends on content alone, not on when or where or in which order files were made", async () => {
  const workspaces = await machine();
  const [a, b] = [folder(), folder()];
  for (const name of ["x", "y"]) writeFileSync(join(a, name), name);
  for (const name of ["y", "x"]) writeFileSync(join(b, name), name);
  utimesSync(join(b, "x"), 1, 1);
  equal(await workspaces.checkIn(a), await workspaces.checkIn(b));
  equal(await workspaces.checkIn(folder()), workspaces.empty);
});

/** A script may put the size and times of a file back, but not its ctime. */
test("a change that hides itself behind the old size and times is seen", async () => {
  const workspaces = await machine();
  const source = folder();
  for (let i = 0; i < 20; i++) writeFileSync(join(source, `f${i}`), "aaaa");
  const tree = await workspaces.checkIn(source);
  const target = folder();
  await workspaces.checkOut(tree, target);
  const stats = lstatSync(join(target, "f0"));
  writeFileSync(join(target, "f0"), "bbbb");
  utimesSync(join(target, "f0"), stats.atime, stats.mtime);
  equal(Buffer.from(await workspaces.read(await workspaces.checkIn(target), "f0")).toString(), "bbbb");
});

test("links are never followed, and what is no file is left out with a note", async () => {
  const workspaces = await machine();
  const secret = folder();
  writeFileSync(join(secret, "secret"), "outside");
  const source = folder();
  symlinkSync(secret, join(source, "folder"));
  symlinkSync(join(secret, "secret"), join(source, "file"));
  execFileSync("mkfifo", [join(source, "pipe")]);
  const noted: string[] = [];
  const tree = await workspaces.checkIn(source, { onLeftOut: (path, kind) => noted.push(`${kind} ${path}`) });
  deepEqual(noted, ["pipe pipe"]);
  deepEqual(
    (await workspaces.list(tree)).map((entry) => [entry.path, entry.kind]),
    [
      ["file", "link"],
      ["folder", "link"],
    ],
  );
  await rejects(workspaces.read(tree, "file"), { code: "not_found" });
  await rejects(workspaces.read(tree, "folder/secret"), { code: "not_found" });
});

test("a hard link is a file of its own", async () => {
  const workspaces = await machine();
  const source = folder();
  writeFileSync(join(source, "a"), "same");
  linkSync(join(source, "a"), join(source, "b"));
  const target = folder();
  await workspaces.checkOut(await workspaces.checkIn(source), target);
  writeFileSync(join(target, "a"), "new");
  equal(readFileSync(join(target, "b"), "utf8"), "same");
});

/** The blob store lies on the same disk; a script that writes to its copy must not reach the stored content. */
test("writing to a checked-out file leaves the stored content as it is", async () => {
  const workspaces = await machine();
  const tree = await workspaces.write(workspaces.empty, "a", Buffer.from("stored"));
  const target = folder();
  await workspaces.checkOut(tree, target);
  writeFileSync(join(target, "a"), "script", { flag: "r+" });
  equal(Buffer.from(await workspaces.read(tree, "a")).toString(), "stored");
});

test("limits end a check-in: bytes also of sparse files, files, depth, length of paths", async () => {
  const workspaces = await machine({ limits: { bytes: 1000, entries: 10, depth: 5, pathBytes: 100 } });
  const refused = async (code: string, make: (path: string) => void) => {
    const source = folder();
    make(source);
    await rejects(workspaces.checkIn(source), { code });
  };
  await refused("workspace_too_large", (path) => writeFileSync(join(path, "a"), Buffer.alloc(1001)));
  await refused("workspace_too_large", (path) => {
    writeFileSync(join(path, "sparse"), "");
    truncateSync(join(path, "sparse"), 2 ** 40);
  });
  await refused("workspace_too_large", (path) => {
    for (let i = 0; i < 11; i++) writeFileSync(join(path, `${i}`), "");
  });
  await refused("file_refused", (path) => mkdirSync(join(path, "1/2/3/4/5/6"), { recursive: true }));
  await refused("file_refused", (path) => mkdirSync(join(path, "x".repeat(60), "y".repeat(60)), { recursive: true }));
});

test("a name that is not UTF-8 is refused in words", async () => {
  const workspaces = await machine();
  const source = folder();
  writeFileSync(Buffer.concat([Buffer.from(`${source}/bad`), Buffer.from([0xff, 0xfe])]), "x");
  await rejects(workspaces.checkIn(source), { code: "file_refused", message: /bad.*not UTF-8/ });
});

test("files without rights are kept all the same", async () => {
  const workspaces = await machine();
  const source = folder();
  mkdirSync(join(source, "closed"));
  writeFileSync(join(source, "closed/a"), "x");
  chmodSync(join(source, "closed/a"), 0);
  chmodSync(join(source, "closed"), 0);
  equal((await workspaces.list(await workspaces.checkIn(source))).length, 2);
});

test("write makes folders, keeps the mode, and refuses paths that leave or go through a file or a link", async () => {
  const workspaces = await machine();
  const source = folder();
  symlinkSync("/etc", join(source, "link"));
  let tree = await workspaces.checkIn(source);
  tree = await workspaces.write(tree, "./a//b/c.txt", Buffer.from("1"), { executable: true });
  tree = await workspaces.write(tree, "a/b/c.txt", Buffer.from("22"));
  deepEqual(
    (await workspaces.list(tree)).map((entry) => [entry.path, entry.kind, entry.size, entry.executable]),
    [
      ["a", "folder", 0, false],
      ["a/b", "folder", 0, false],
      ["a/b/c.txt", "file", 2, true],
      ["link", "link", 0, false],
    ],
  );
  for (const path of ["../x", "/etc/x", "a/../../x", "", ".", "a/b/c.txt/d", "link/passwd", "link", "a", "x\0y"])
    await rejects(workspaces.write(tree, path, Buffer.from("")), { code: "invalid_input" }, path);
});

test("remove takes a folder with all that is in it, and nothing that only begins alike", async () => {
  const workspaces = await machine();
  let tree = await workspaces.write(workspaces.empty, "a/1", Buffer.from(""));
  tree = await workspaces.write(tree, "ab", Buffer.from(""));
  tree = await workspaces.remove(tree, "a");
  deepEqual(
    (await workspaces.list(tree)).map((entry) => entry.path),
    ["ab"],
  );
  await rejects(workspaces.remove(tree, "a"), { code: "not_found" });
});

test("an input is a file, or a folder without what its links lead to; devices are refused", async () => {
  const workspaces = await machine();
  const source = folder();
  writeFileSync(join(source, "mail.mbox"), "From me\n");
  symlinkSync("/etc", join(source, "etc"));
  const file = await workspaces.addPath(join(source, "mail.mbox"));
  equal(file.name, "mail.mbox");
  equal(file.size, 8);
  deepEqual(
    (await workspaces.list(file.tree)).map((entry) => entry.path),
    ["mail.mbox"],
  );
  const whole = await workspaces.addPath(source);
  deepEqual(
    (await workspaces.list(whole.tree)).map((entry) => entry.kind),
    ["link", "file"],
  );
  await rejects(workspaces.addPath("/dev/null"), { code: "invalid_input" });
  await rejects(workspaces.addPath(join(source, "nowhere")), { code: "not_found" });
});

/** Links of a file's text to other blobs are its author's words, not ours: files are not looked into. */
test("what outlives a sweep: trees that are named, their files, and trees named inside large results", async () => {
  const workspaces = await machine();
  const other = await workspaces.write(workspaces.empty, "x", Buffer.from("other"));
  const tree = await workspaces.write(workspaces.empty, "a/b", Buffer.from(`points to ${other}`));
  const result = await workspaces.blobs.put(Buffer.from(JSON.stringify({ output: "large", tree })));
  const gone = await workspaces.blobs.put(Buffer.from("named nowhere"));
  const live = await workspaces.reach([result]);
  equal((await workspaces.blobs.sweep(live, -60_000)).removed, 3);
  equal(await workspaces.blobs.has(gone), false);
  equal(await workspaces.blobs.has(other), false);
  equal(await workspaces.blobs.has(workspaces.empty), true);
  equal(Buffer.from(await workspaces.read(tree, "a/b")).toString(), `points to ${other}`);
});

test("a git repository survives a round through the store", async () => {
  const workspaces = await machine();
  const source = folder();
  const git = (where: string, ...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Sample", "-c", "user.email=sample@example.com", ...args], {
      cwd: where,
      encoding: "utf8",
    });
  git(source, "init", "-q");
  writeFileSync(join(source, "a.txt"), "one\n");
  git(source, "add", ".");
  git(source, "commit", "-q", "-m", "One");
  const target = folder();
  await workspaces.checkOut(await workspaces.checkIn(source), target);
  equal(git(target, "status", "--porcelain"), "");
  equal(git(target, "log", "--format=%s").trim(), "One");
  git(target, "fsck", "--strict");
});

test("caches are kept per lock file outside the tree, and every run gets a copy of its own", async () => {
  const workspaces = await machine({ cachesFolder: folder() });
  const cache = { cachePaths: ["node_modules"], cacheScope: "main/builder" };
  const first = folder();
  mkdirSync(join(first, "app/node_modules/dep"), { recursive: true });
  writeFileSync(join(first, "app/package-lock.json"), "lock 1");
  writeFileSync(join(first, "app/node_modules/dep/index.js"), "dep 1");
  symlinkSync("../dep/index.js", join(first, "app/node_modules/link"));
  const tree = await workspaces.checkIn(first, cache);
  deepEqual(
    (await workspaces.list(tree)).map((entry) => entry.path),
    ["app", "app/package-lock.json"],
  );

  const second = folder();
  await workspaces.checkOut(tree, second, cache);
  equal(readFileSync(join(second, "app/node_modules/dep/index.js"), "utf8"), "dep 1");
  equal(readlinkSync(join(second, "app/node_modules/link")), "../dep/index.js");
  // A run that spoils its copy spoils nobody else's.
  writeFileSync(join(second, "app/node_modules/dep/index.js"), "spoiled");
  equal(await workspaces.checkIn(second, cache), tree);
  const third = folder();
  await workspaces.checkOut(tree, third, cache);
  equal(readFileSync(join(third, "app/node_modules/dep/index.js"), "utf8"), "dep 1");

  const has = async (name: string, other: typeof tree, options: typeof cache) => {
    const target = folder();
    await workspaces.checkOut(other, target, options);
    equal(existsSync(join(target, "app/node_modules")), false, name);
  };
  await has("another daemon", tree, { ...cache, cacheScope: "main/other" });
  await has("another company", tree, { ...cache, cacheScope: "other/builder" });
  const relocked = await workspaces.write(tree, "app/package-lock.json", Buffer.from("lock 2"));
  await has("another lock file", relocked, cache);
});

test("runs that fill one cache at the same time do not disturb each other", async () => {
  const cachesFolder = folder();
  const workspaces = await machine({ cachesFolder });
  const cache = { cachePaths: [".cache"], cacheScope: "main/d" };
  const trees = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const source = folder();
      mkdirSync(join(source, ".cache"));
      for (let n = 0; n < 20; n++) writeFileSync(join(source, `.cache/f${n}`), `run ${i}`);
      writeFileSync(join(source, "package-lock.json"), "lock");
      return workspaces.checkIn(source, cache);
    }),
  );
  equal(new Set(trees).size, 1);
  const target = folder();
  await workspaces.checkOut(trees[0]!, target, cache);
  const contents = new Set(Array.from({ length: 20 }, (_, n) => readFileSync(join(target, `.cache/f${n}`), "utf8")));
  equal(contents.size, 1);
  unlinkSync(join(target, "package-lock.json"));
});
