import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { JsonObject } from "@regent/contract";
import { digestOf } from "#platform";
import { fakeClock, temporaryFolder, testDatabase } from "#testing";
import type { Company } from "./index.ts";
import { createCompanies } from "./index.ts";

const AGENT = "name: writer\nrole: Writer\ngoal: Write well\n";
const CHILD = "daemon:\n  name: Child\n  version: 1.0.0\n  stages: [ { name: Think, agent: writer } ]\n";
const PARENT =
  "daemon:\n  name: Parent Work\n  version: 1.0.0\n  stages: [ { name: Call, type: daemon, daemon: child } ]\n";

async function testCompanies(
  files: Record<string, string> = { "a.yaml": AGENT, "child.yaml": CHILD, "parent.yaml": PARENT },
) {
  const folder = await temporaryFolder("company");
  const write = async (name: string, text: string): Promise<void> => {
    await writeFile(join(folder, `${name}.new`), text);
    await rename(join(folder, `${name}.new`), join(folder, name));
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const { database, pool } = await testDatabase();
  const clock = fakeClock();
  const open = () => createCompanies({ folder, database, clock, debounceMs: 10, pollMs: 100 });
  return { folder, write, database, pool, clock, open };
}

/** The next time that listeners are told. */
const nextChange = (companies: { onChange(listener: (company: Company) => void): () => void }): Promise<Company> =>
  new Promise((resolve) => {
    const stop = companies.onChange((company) => {
      stop();
      resolve(company);
    });
  });

test("a pinned daemon names everything it can reach by digest, and each digest can be read back", async () => {
  const { open } = await testCompanies();
  const companies = await open();
  const pinned = await companies.pin("parent_work");
  deepEqual(Object.keys(pinned.pins).sort(), ["agent/writer", "daemon/child"]);
  for (const [key, digest] of Object.entries({ ...pinned.pins, "daemon/parent-work": pinned.digest })) {
    const found = await companies.definition(digest);
    equal(`${found?.kind}/${found?.id}`, key);
    equal(digestOf(found!.body), digest);
  }
  deepEqual(pinned.names.company, {
    id: "main",
    name: (pinned.names.company as JsonObject).name,
    currency: "USD",
    timezone: "UTC",
  });
  await companies.close();
});

test("a daemon that does not exist is not found, and the nearest one is named", async () => {
  const { open } = await testCompanies();
  const companies = await open();
  await rejects(companies.pin("parnt-work"), { code: "not_found", message: /did you mean "parent-work"/ });
  await companies.close();
});

test("loading the same files again writes nothing", async () => {
  const { open, pool } = await testCompanies();
  for (let i = 0; i < 3; i += 1) await (await open()).close();
  const { rows } = await pool.query("select kind, id, number from definition_version order by kind, id");
  deepEqual(rows, [
    { kind: "agent", id: "writer", number: 1 },
    { kind: "daemon", id: "child", number: 1 },
    { kind: "daemon", id: "parent-work", number: 1 },
  ]);
});

test("four processes that load one changed folder at once write each version once", async () => {
  const { open, pool } = await testCompanies();
  const all = await Promise.all([open(), open(), open(), open()]);
  await Promise.all(all.map((companies) => companies.close()));
  const { rows } = await pool.query("select count(*)::int as versions from definition_version");
  equal(rows[0].versions, 3);
});

test("comments, places and key order make no new version; a prompt does, and history tells both", async () => {
  const { open, write, clock } = await testCompanies();
  await (await open()).close();
  await write("child.yaml", `# moved\n\n${CHILD}`);
  const same = await open();
  equal((await same.history("daemon", "child")).length, 1);
  await same.close();
  clock.advance(60_000);
  await write("child.yaml", CHILD.replace("1.0.0", "1.1.0").replace("agent: writer", "agent: writer, prompt: Hello"));
  const changed = await open();
  const history = await changed.history("daemon", "child");
  deepEqual(
    history.map(({ version, loaded_at }) => [version, loaded_at]),
    [
      ["1.1.0", "2026-01-01T00:01:00.000Z"],
      ["1.0.0", "2026-01-01T00:00:00.000Z"],
    ],
  );
  notEqual((await changed.pin("child")).digest, history[1]!.digest);
  await changed.close();
});

test("a daemon that changed and kept its version is a warning with its place", async () => {
  const { open, write } = await testCompanies();
  await (await open()).close();
  await write("child.yaml", CHILD.replace("agent: writer", "agent: writer, prompt: Hello"));
  const companies = await open();
  const [warning] = companies.problems().filter((problem) => problem.message.includes("is still version 1.0.0"));
  equal(warning?.file, "child.yaml");
  equal(warning?.severity, "warning");
  await companies.close();
});

test("a company with an error does not start, and every error is in the detail", async () => {
  const { open, write } = await testCompanies();
  await write("bad.yaml", "stages: [ { name: X, type: gat } ]");
  await write("worse.yaml", "agents: { x: { role: 3 } }");
  await rejects(open(), (error: Error & { code: string; detail: { problems: JsonObject[] } }) => {
    equal(error.code, "company_has_errors");
    deepEqual([...new Set(error.detail.problems.map((problem) => problem.file))], ["bad.yaml", "worse.yaml"]);
    return true;
  });
});

test("a running company takes a change, keeps the last good version through an error, and says what is wrong", async () => {
  const { open, write } = await testCompanies();
  const companies = await open();
  const before = (await companies.pin("child")).digest;

  const broken = nextChange(companies);
  await write("child.yaml", CHILD.replace("agent: writer", "agnt: writer"));
  await broken;
  equal((await companies.pin("child")).digest, before);
  match(companies.problems()[0]!.message, /Unknown key "agnt"/);

  const mended = nextChange(companies);
  await write("child.yaml", CHILD.replace("1.0.0", "1.1.0"));
  const company = await mended;
  equal(company.daemons.get("child")?.version, "1.1.0");
  equal(companies.problems().filter((problem) => problem.severity === "error").length, 0);
  notEqual((await companies.pin("child")).digest, before);
  await companies.close();
});

test("a listener that throws does not keep the others from being told", async () => {
  const { open, write } = await testCompanies();
  const companies = await open();
  companies.onChange(() => {
    throw new Error("mine alone");
  });
  const told = nextChange(companies);
  await write("child.yaml", CHILD.replace("1.0.0", "1.1.0"));
  equal((await told).daemons.get("child")?.version, "1.1.0");
  await companies.close();
});

test("a definition that is not in the folder is pinned with its own agents and the company's", async () => {
  const { open } = await testCompanies();
  const companies = await open();
  const text = `daemon:\n  name: Once\n  stages:\n    - { name: A, agent: writer }\n    - { name: B, agent: helper }\n---\nname: helper\nrole: Helper\ngoal: Help\n`;
  const pinned = await companies.pinInline(text);
  deepEqual(Object.keys(pinned.pins).sort(), ["agent/helper", "agent/writer"]);
  equal((await companies.definition(pinned.pins["agent/helper"]!))?.id, "helper");
  equal((await companies.definition(pinned.digest))?.id, "once");
  deepEqual(await companies.history("daemon", "once"), []);
  const sameAsJson = await companies.pinInline({ daemon: { name: "Once", stages: [{ name: "A", agent: "writer" }] } });
  equal(sameAsJson.daemon.stages[0]!.id, "a");
  await companies.close();
});

const BAD_INLINE: [what: string, text: string | JsonObject, message: RegExp][] = [
  ["an unknown stage type", "stages: [ { name: X, type: gat } ]", /Unknown type "gat"/],
  ["no YAML", "stages: [", /./],
  ["nothing", "", /no daemon/],
  ["an agent alone", AGENT, /no daemon/],
  ["two daemons", `${CHILD}---\n${PARENT}`, /one daemon/],
  ["something else beside it", `${CHILD}---\nproducts: { a: { domain: a.example } }`, /belongs into/],
  ["JSON with an unknown agent", { stages: [{ name: "X", agent: "nobody" }] }, /Unknown agent "nobody"/],
];

for (const [what, text, message] of BAD_INLINE) {
  test(`an inline definition with ${what} is refused with its place`, async () => {
    const { open } = await testCompanies({});
    const companies = await open();
    await rejects(companies.pinInline(text), (error: Error & { code: string; detail: { errors: JsonObject[] } }) => {
      equal(error.code, "invalid_definition");
      match(String(error.detail.errors[0]?.message), message);
      return true;
    });
    await companies.close();
  });
}
