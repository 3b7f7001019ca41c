import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { areDependenciesInstalled } from "./dependencies.mjs";
import { installSystemPackages } from "./system-packages.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const parent = mkdtempSync(join(tmpdir(), "regent-setup-"));
after(() => rmSync(parent, { recursive: true }));
const folder = () => mkdtempSync(join(parent, "house-"));

/** A house of which only the set-up is there, with an npm that writes what it was asked for. */
function emptyHouse(npm) {
  const house = folder();
  cpSync(join(root, "scripts"), join(house, "scripts"), { recursive: true });
  writeFileSync(join(house, "package-lock.json"), "{}");
  mkdirSync(join(house, "bin"));
  writeFileSync(join(house, "bin", "npm"), `#!/bin/sh\n${npm}\n`, { mode: 0o755 });
  return house;
}

const setUp = (house, options = []) => {
  const PATH = [join(house, "bin"), process.env.PATH].join(delimiter);
  const { npm_execpath: _script, npm_node_execpath: _node, ...env } = process.env;
  return spawnSync(process.execPath, [...options, "scripts/setup.mjs"], {
    cwd: house,
    env: { ...env, PATH },
    encoding: "utf8",
  });
};

/** Leaves what `npm ci` would: packages, and a Node that runs. */
const NPM = `echo "$@" >> calls; mkdir -p node_modules/.bin; ln -sf "${process.execPath}" node_modules/.bin/node`;

test("packages are installed once, again when the lock file changes, and nothing goes to stdout", () => {
  const house = emptyHouse(NPM);
  const calls = () => spawnSync("cat", [join(house, "calls")], { encoding: "utf8" }).stdout.split("\n").length - 1;
  const first = setUp(house);
  deepEqual([first.status, first.stdout, calls()], [0, "", 1], first.stderr);
  match(first.stderr, /installing packages/);
  equal(areDependenciesInstalled(house), true);
  const second = setUp(house);
  deepEqual([second.status, second.stdout + second.stderr, calls()], [0, "", 1]);
  writeFileSync(join(house, "package-lock.json"), "{ }");
  equal(areDependenciesInstalled(house), false);
  setUp(house);
  equal(calls(), 2);
});

test("an installation that failed is said, fails the set-up, and is tried again the next time", () => {
  const house = emptyHouse("echo no network >&2; exit 7");
  const { status, stderr } = setUp(house);
  equal(status, 1);
  match(stderr, /no network\n[\s\S]*`npm ci` ended with exit code 7/);
  equal(areDependenciesInstalled(house), false);
  match(setUp(house).stderr, /no network/);
});

test("a Node that is too old is refused with a sentence", () => {
  const old = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'18.20.1'})";
  const { status, stderr } = setUp(emptyHouse(NPM), ["--import", old]);
  equal(status, 1);
  match(stderr, /Node 20 or newer; this is Node 18\.20\.1/);
});

test("a program that is missing and cannot be installed gets one line, and the start goes on", async () => {
  const path = process.env.PATH;
  const lines = [];
  try {
    process.env.PATH = folder();
    await installSystemPackages(folder(), true, (line) => lines.push(line));
  } finally {
    process.env.PATH = path;
  }
  const names = lines.map((line) => line.split(" ")[0]);
  ok(names.includes("bubblewrap"));
  equal(new Set(names).size, names.length);
});
