/** `regent` as a program: what it prints, and how it ends. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { temporaryFolder, testApi, testDatabase } from "#testing";
import { discoverCommands } from "../../cli/src/discover-commands.ts";
import { main } from "../../cli/src/main.ts";
import { ROOT } from "../architecture/tree.ts";

const LAUNCHER = join(ROOT, "cli/bin/regent.mjs");
const COMPANY = {
  "note.daemon.yaml": `
daemon:
  name: Note
  version: 1.0.0
  inputs:
    - { name: days, type: integer, default: 7, min: 1 }
    - { name: paper, type: file }
    - { name: shop, type: folder }
    - { name: tags, type: list }
  output: "\${days}"
  stages:
    - { name: Tell, type: emit, event: note.told, with: { days: "\${days}" } }
`,
  "ask.daemon.yaml": `
daemon:
  name: Ask
  version: 1.0.0
  stages:
    - { name: Decide, type: gate, ask: "Shall \\u001b[31mwe?", show: [ "this" ], who: approver }
    - { name: After, type: emit, event: ask.done, with: {} }
`,
  "failing.daemon.yaml": `
daemon:
  name: Failing
  version: 1.0.0
  stages:
    - { name: Tell, type: emit, event: a.b, with: {}, evidence: [ "1 == 2" ] }
`,
};
const api = await testApi(COMPANY);
/** What a command needs of the environment; compiled code is kept, because most of a command's time is its start. */
const { PATH, NODE_COMPILE_CACHE } = process.env;
const SAME_NODE = { PATH, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) };

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

function regent(arguments_: string[], environment: Record<string, string> = {}): Promise<Result> {
  const child = spawn(process.execPath, [LAUNCHER, ...arguments_], {
    env: { ...SAME_NODE, REGENT_URL: api.url, REGENT_TOKEN: api.token, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const result = { code: null as number | null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    result.stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    result.stderr += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ ...result, code })));
}

const json = async <T>(...arguments_: string[]): Promise<T & { code: number | null }> => {
  const { code, stdout, stderr } = await regent([...arguments_, "--json"]);
  try {
    return { ...(JSON.parse(stdout) as T), code };
  } catch {
    throw new Error(`${arguments_.join(" ")}: ${stdout}${stderr}`);
  }
};

const named = (await discoverCommands()).map(({ noun, verb, command }) => ({
  name: verb === undefined ? noun : `${noun} ${verb}`,
  command,
}));

test("every command has help with an example of itself, and takes --json", async () => {
  for (const { name, command } of named) {
    const stdout = await helpOf(name);
    ok(
      command.example.split("\n").some((line) => line.startsWith(`regent ${name}`)),
      name,
    );
    ok(stdout.includes(command.example.split("\n")[0]!) && stdout.includes("--json"), name);
  }
});

/** In this process: 28 programs would take their time. */
async function helpOf(name: string): Promise<string> {
  const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const arguments_ = [...name.split(" "), "--help"];
  equal(await main({ arguments: arguments_, environment: {}, folder: ROOT, stdout, stderr, stdin }), 0, name);
  return String(stdout.read());
}

test("docs/cli.md names every command, and none that is not there", async () => {
  const text = await readFile(join(ROOT, "docs/cli.md"), "utf8");
  const written = [...text.matchAll(/^\| `([a-z]+(?: [a-z]+)?)[^`]*` \|/gm)].map(([, name]) => name!);
  deepEqual(written.toSorted(), named.map(({ name }) => name).toSorted());
});

test("a run is followed to its end: 0 when it succeeded, 1 when it failed", async () => {
  const good = await regent(["run", "note", "--input", "days=3"]);
  equal(good.code, 0, good.stderr);
  match(good.stdout, /^run_\S+ {2}note 1\.0\.0\n✓ Tell .*\nrun_\S+ {2}succeeded .*\n\n3\n$/s);
  const bad = await json<{ status: string }>("run", "failing");
  deepEqual([bad.status, bad.code], ["failed", 1]);
});

test("a run that waits for a decision ends with 4; the decision lets it end", async () => {
  const asked = await json<{ id: string; status: string }>("run", "ask");
  deepEqual([asked.status, asked.code], ["waiting", 4]);
  const { items } = await json<{ items: { id: string }[] }>("approvals", "list", "--run", asked.id);
  const id = items[0]!.id;
  // What a daemon says cannot set colours of the terminal.
  ok(!(await regent(["approvals", "show", id])).stdout.includes("\u001b"));
  equal((await regent(["approvals", "approve", id, "--effective-after", "1h"])).code, 0);
  match((await regent(["approvals", "undo", id])).stdout, /✓ apr_\w+ {2}open again/);
  match((await regent(["approvals", "escalate", id])).stdout, /✓ apr_\w+ {2}escalated, open/);
  equal((await regent(["approvals", "approve", id, "apr_nobody"])).code, 1);
  equal((await json<{ status: string }>("runs", "watch", asked.id)).status, "succeeded");
});

test("several questions are rejected at once", async () => {
  const runs = await Promise.all([0, 1].map(() => json<{ id: string }>("run", "ask")));
  const ids = await Promise.all(
    runs.map(async ({ id }) => (await api.client.approvals.list({ run: id })).items[0]!.id),
  );
  equal((await regent(["approvals", "reject", ...ids, "--note", "no"])).code, 0);
  for (const { id } of runs) equal((await api.app.kernel.settled(id, 10_000)).error!.code, "rejected");
});

test("runs are listed, shown, logged, paused, resumed, cancelled, replayed, compared and pruned", async () => {
  const { id } = await json<{ id: string }>("run", "ask", "--detach");
  equal((await json<{ status: string }>("runs", "pause", id)).status, "paused");
  equal((await regent(["runs", "resume", id])).code, 0);
  equal((await json<{ status: string }>("runs", "cancel", id, "--reason", "done")).status, "cancelled");
  const first = await json<{ id: string }>("run", "note");
  const second = await json<{ id: string; output: unknown }>("runs", "replay", first.id, "--set", "days=9");
  equal(second.output, 9);
  const { inputs } = await json<{ inputs: { name: string; b: unknown }[] }>("runs", "compare", first.id, second.id);
  equal(inputs.find(({ name }) => name === "days")!.b, 9);
  equal((await json<{ status: string }>("runs", "log", first.id)).status, "success");
  equal((await json<{ id: string }>("runs", "show", first.id)).id, first.id);
  const { items } = await json<{ items: { status: string }[] }>("runs", "list", "--status", "cancelled");
  ok(items.length > 0 && items.every(({ status }) => status === "cancelled"));
  equal((await regent(["runs", "prune", "--older-than", "365d"])).code, 0);
  for (const verb of ["list", "show", "log"])
    ok(!(await regent(["runs", verb, ...(verb === "list" ? [] : [first.id])])).stdout.includes("\u001b"));
});

test("files and folders given as paths are uploaded, lists and texts are read", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "a.txt"), "hello");
  await mkdir(join(folder, "d".repeat(120)));
  await writeFile(join(folder, "d".repeat(120), "x.sh"), "");
  await chmod(join(folder, "d".repeat(120), "x.sh"), 0o755);
  await symlink("a.txt", join(folder, "link"));
  const paths = ["--input", `paper=${join(folder, "a.txt")}`, "--input", `shop=${folder}`, "--input", "tags=a, b"];
  const run = await json<{ code: number; inputs: { shop: string; paper: string; tags: string[] } }>(
    "run",
    "note",
    ...paths,
  );
  equal(run.code, 0);
  deepEqual(run.inputs.tags, ["a", "b"]);
  const { entries } = await api.client.files.get({ id: run.inputs.shop });
  deepEqual(
    entries
      .filter(({ kind }) => kind !== "folder")
      .map(({ path, kind, executable }) => `${kind} ${path} ${executable}`)
      .sort(),
    ["file a.txt false", `file ${"d".repeat(120)}/x.sh true`, "link link false"],
  );
  equal((await json<{ size: number }>("files", "add", join(folder, "a.txt"))).size, 5);
});

test("a daemon in a file of its own runs", async () => {
  const file = join(await temporaryFolder(), "own.yaml");
  await writeFile(
    file,
    "daemon: { name: Own, version: 1.0.0, stages: [ { name: Tell, type: emit, event: own.told, with: {} } ] }",
  );
  equal((await regent(["run", file])).code, 0);
});

test("events, models, triggers and the doctor answer", async () => {
  equal(
    (await json<{ id: string }>("events", "emit", "order.paid", "--data", '{"order":1}', "--id", "o1")).id,
    "evt_o1",
  );
  ok((await json<{ items: unknown[] }>("events", "list", "--type", "order.paid")).items.length === 1);
  equal((await json<{ ok: boolean }>("models", "test", "offline")).ok, true);
  equal((await regent(["models", "list"])).code, 0);
  equal((await regent(["triggers", "list"])).code, 0);
  equal((await regent(["triggers", "problems"])).code, 0);
  match((await regent(["doctor"])).stdout, /sandbox/);
});

test("wrong usage ends with 2, before anything is asked", async () => {
  for (const arguments_ of [
    ["nothing"],
    ["runs", "show"],
    ["runs", "list", "--limit", "x"],
    ["runs", "list", "--status", "x"],
    ["run", "note", "--input", "days"],
    ["events", "emit", "a.b", "--data", "[1]"],
    ["files", "add", "/nowhere"],
  ])
    equal((await regent(arguments_, { REGENT_URL: "http://127.0.0.1:1" })).code, 2, arguments_.join(" "));
});

test("inputs that do not fit end with 2 and name the input; an unknown run with 1; a wrong token with 3", async () => {
  const wrong = await regent(["run", "note", "--input", "days=many"]);
  equal(wrong.code, 2);
  match(wrong.stderr, /\/inputs\/days/);
  equal((await regent(["run", "note", "--input", "paper=/nowhere"])).code, 2);
  equal((await regent(["runs", "show", "run_nobody"])).code, 1);
  equal((await regent(["runs", "list"], { REGENT_TOKEN: "x" })).code, 3);
  const refused = await json<{ error: { code: string } }>("runs", "show", "run_nobody");
  equal(refused.error.code, "not_found");
});

test("check names what is wrong with its place and ends with 2; a good company with 0", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "a.daemon.yaml"), "daemon:\n  name: A\n  stages:\n    - { name: B, tpye: emit }\n");
  const { code, stdout } = await regent(["check", folder, "--json"]);
  equal(code, 2);
  const problems = JSON.parse(stdout) as {
    file: string;
    line: number;
    column: number;
    message: string;
    suggestion: string;
  }[];
  ok(problems.some(({ file, line }) => file.endsWith("a.daemon.yaml") && line === 4));
  equal((await regent(["check", api.companyFolder])).code, 0);
});

test("init copies the starter, and only into an empty folder", async () => {
  const folder = join(await temporaryFolder(), "mine");
  equal((await regent(["init", folder])).code, 0);
  deepEqual((await readdir(folder)).sort(), (await readdir(join(ROOT, "company"))).sort());
  equal((await regent(["init", folder])).code, 2);
});

test("without a server one is started for the command, and is gone after it", async () => {
  const { url } = await testDatabase();
  const data = await temporaryFolder("cli-data");
  const environment = {
    REGENT_URL: "",
    REGENT_TOKEN: "",
    DATABASE_URL: url,
    REGENT_DATA: data,
    REGENT_COMPANY: api.companyFolder,
  };
  const { code, stdout, stderr } = await regent(["run", "note", "--json"], environment);
  equal(code, 0, stderr);
  equal((JSON.parse(stdout) as { status: string }).status, "succeeded");
  match(stderr, /starting one/);
  ok(!(await readdir(data)).includes("server.json"));
});

test("the launcher runs on an older Node, and says in one sentence when packages are missing", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "cli/bin"), { recursive: true });
  await writeFile(join(folder, "cli/bin/regent.mjs"), await readFile(LAUNCHER));
  const { status, stderr } = spawnSync(process.execPath, [join(folder, "cli/bin/regent.mjs")], { encoding: "utf8" });
  equal(status, 1);
  match(stderr, /^regent: its packages are not installed in .*npm ci.*\n$/);
  const older = (process.env.PATH ?? "")
    .split(":")
    .map((path) => join(path, "node"))
    .find((node) => /^v2[0-3]\./.test(tryVersion(node)));
  if (older) equal(spawnSync(older, [LAUNCHER, "check", api.companyFolder], { encoding: "utf8" }).status, 0);
});

function tryVersion(node: string): string {
  try {
    return execFileSync(node, ["--version"], { encoding: "utf8", stdio: "pipe" });
  } catch {
    return "";
  }
}

/** The data folder holds the token and the keys: a repository that is given whole must not carry them into a run. */
test("a folder around the data folder travels without it; the data folder itself is refused", async () => {
  const folder = await temporaryFolder("around");
  await mkdir(join(folder, "data"));
  await writeFile(join(folder, "data/token"), "rgt_secret");
  await writeFile(join(folder, "kept.txt"), "kept");
  const environment = { REGENT_DATA: join(folder, "data") };
  const added = await regent(["files", "add", folder, "--json"], environment);
  equal(added.code, 0, added.stderr);
  equal(JSON.parse(added.stdout).size, 4);
  match(added.stderr, /data folder data is left out/);
  const refused = await regent(["files", "add", join(folder, "data")], environment);
  equal(refused.code, 2);
  match(refused.stderr, /is Regent's data folder/);
});

test("a daemon that is not there: the nearest is named, or all", async () => {
  const near = await regent(["run", "nots"]);
  equal(near.code, 2);
  match(near.stderr, /There is no daemon "nots"\. Did you mean note\?/);
  match((await regent(["run", "something-else"])).stderr, /There are ask, failing, note\./);
});

test("the test of a model that has no key fails; the offline model does not pass for it", async () => {
  const other = await regent(["models", "test", "openai:gpt-5"]);
  equal(other.code, 1);
  match(other.stderr + other.stdout, /openai:gpt-5 {2}It cannot be called: no provider is configured/);
  equal((await regent(["models", "test", "offline"])).code, 0);
});

test("a wrong token, a wrong address, a wrong duration: one sentence with the way out", async () => {
  const token = await regent(["runs", "list"], { REGENT_TOKEN: "rgt_wrong" });
  equal(token.code, 3);
  match(token.stderr, /does not take this token.*--data/);
  const url = await regent(["runs", "list"], { REGENT_URL: "nonsense" });
  equal(url.code, 2);
  match(url.stderr, /REGENT_URL is "nonsense"/);
  const duration = await regent(["runs", "prune", "--older-than", "1x"]);
  equal(duration.stderr.match(/\/older_than/g)?.length, 1);
});

test("the version is told", async () => {
  const { code, stdout } = await regent(["--version"]);
  equal(code, 0);
  match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test("a data folder that cannot be written is told in a sentence, without a stack", async () => {
  const folder = await regent(["start", "--port", "0", "--data", "/sys/regent-data"], {
    REGENT_COMPANY: join(ROOT, "company"),
  });
  equal(folder.code, 1);
  match(
    folder.stderr,
    /^The data folder \/sys\/regent-data cannot be written \(E[A-Z]+\)\. Choose another with --data\.\n$/,
  );
});

test("whoever runs a daemon while its file is wrong is told that the last good version runs", async () => {
  const file = join(api.companyFolder, "note.daemon.yaml");
  await writeFile(file, COMPANY["note.daemon.yaml"].replace("stages:", "stagess:"));
  const hasErrors = async () => (await api.client.definitions.problems()).items.length > 0;
  try {
    while (!(await hasErrors())) await new Promise((resolve) => setTimeout(resolve, 50));
    const { code, stderr } = await regent(["run", "note"]);
    equal(code, 0, stderr);
    match(stderr, /The company's files have an error; the last good version runs\./);
    match((await regent(["doctor"])).stdout, /1 error in /);
  } finally {
    await writeFile(file, COMPANY["note.daemon.yaml"]);
    while (await hasErrors()) await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

test("a run for people: skipped stages say so, a structure stands on one line, what is open counts until now", async () => {
  const { id } = await json<{ id: string }>("run", "ask", "--detach");
  const client = api.client;
  while ((await client.runs.get({ id })).status !== "waiting") await new Promise((resolve) => setTimeout(resolve, 50));
  match((await regent(["runs", "show", id])).stdout, /‖ Decide +gate · \d[^–]* · approval apr_/);
  await client.runs.cancel({ id });
});
