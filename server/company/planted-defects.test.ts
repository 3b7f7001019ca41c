import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "#testing";
import { loadCompany, type Problem } from "./index.ts";

type Content = string | Uint8Array;

async function load(files: Record<string, Content>, prepare?: (folder: string) => void) {
  const folder = await temporaryFolder("company");
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  prepare?.(folder);
  return await loadCompany(folder);
}

const errorsOf = (problems: Problem[]): Problem[] => problems.filter((problem) => problem.severity === "error");

/** A daemon whose only stage list is this. */
const stages = (...lines: string[]): string =>
  `daemon:\n  name: D\n  stages:\n${lines.map((line) => `    - ${line}\n`).join("")}`;
const THINK = "{ name: Think, agent: gpt-5 }";
const AGENT = "name: writer\nrole: Writer\ngoal: Write\n";

interface Defect {
  what: string;
  files: Record<string, Content>;
  at: string;
  message: RegExp;
  suggestion?: RegExp;
}

const one = (what: string, text: Content, at: string, message: RegExp, suggestion?: RegExp): Defect => ({
  what,
  files: { "a.yaml": text },
  at: `a.yaml:${at}`,
  message,
  ...(suggestion ? { suggestion } : {}),
});

const DEFECTS: Defect[] = [
  one("an unknown key", "daemon:\n  name: D\n  stagess: []\n", "3:3", /Unknown key "stagess" in a daemon/, /^stages$/),
  one(
    "an unknown key of a stage",
    stages("{ name: A, agent: gpt-5, promt: x }"),
    "4:32",
    /Unknown key "promt"/,
    /^prompt$/,
  ),
  one("a wrong type", "daemon:\n  name: 3\n  stages: [A (GPT-5)]\n", "2:9", /Expected a name, found 3/),
  one("an empty list of stages", "stages: []", "1:9", /must not be empty/),
  one("an unknown stage type", stages("{ name: A, type: gat, ask: x }"), "4:24", /Unknown type "gat"/, /^gate$/),
  one("a stage without a type", stages("{ name: A, script: ls }"), "4:7", /"type" is missing/, /^type: script$/),
  one("a stage without what its type needs", stages("{ name: A, type: script }"), "4:7", /"script" is missing/),
  one(
    "an unknown agent",
    `${stages("{ name: A, agent: writr }")}---\n${AGENT}`,
    "4:25",
    /Unknown agent "writr"/,
    /^writer$/,
  ),
  one(
    "an unknown tool",
    stages("{ name: A, type: tool, tool: http.gett }"),
    "4:36",
    /Unknown tool "http.gett"/,
    /^http.get$/,
  ),
  one(
    "an unknown vendor's tool",
    stages("{ name: A, type: tool, tool: slak.post }"),
    "4:36",
    /Unknown tool "slak.post"/,
    /^slack.post$/,
  ),
  one("several tools in one stage", stages("{ name: A, type: tool, tool: slack_mcp }"), "4:36", /names several tools/),
  one("an unknown child daemon", stages("{ name: A, type: daemon, daemon: dd }"), "4:40", /Unknown daemon "dd"/),
  one("an unknown skill", stages("{ name: A, type: skill, skill: a/b }"), "4:38", /Unknown skill "a\/b"/),
  one(
    "an unknown trigger",
    "daemon:\n  name: D\n  triggers: [ daily_mornin ]\n  stages: [A (GPT-5)]\n",
    "3:15",
    /Unknown trigger/,
    /^daily_morning$/,
  ),
  one(
    "a need of no stage",
    stages(THINK, "{ name: B, agent: gpt-5, needs: thnk }"),
    "5:39",
    /Unknown stage "thnk"/,
    /^think$/,
  ),
  one(
    "a cycle",
    stages(
      "{ name: A, agent: gpt-5, needs: [b] }",
      "{ name: B, agent: gpt-5, needs: [c] }",
      "{ name: C, agent: gpt-5, needs: a }",
    ),
    "4:39",
    /a → b → c → a/,
  ),
  one("a stage that needs itself", stages("{ name: A, agent: gpt-5, needs: a }"), "4:39", /a → a/),
  one(
    "two stages of one id",
    stages(THINK, "{ name: think, agent: gpt-5 }"),
    "5:7",
    /id "think"; the first is in line 4, column 7/,
  ),
  one(
    "two stages of one id, one inside another",
    stages(THINK, "{ name: P, type: parallel, branches: { a: { name: Think, agent: gpt-5 } } }"),
    "5:49",
    /id "think"/,
  ),
  one(
    "two outputs of one name",
    stages("{ name: A, agent: gpt-5, output: x }", "{ name: B, agent: gpt-5, output: x }"),
    "5:40",
    /"x" is the output of two stages/,
  ),
  one(
    "a duplicate key",
    "daemon:\n  name: D\n  name: E\n  stages: []\n",
    "3:3",
    /"name" stands here twice; the first is in line 2, column 3/,
  ),
  one(
    "a bad cron",
    'daemon:\n  name: D\n  triggers: [ { cron: "0 25 * * *" } ]\n  stages: [A (GPT-5)]\n',
    "3:23",
    /is no cron line/,
    /five fields/,
  ),
  one(
    "a cron with seconds",
    'daemon:\n  name: D\n  triggers: [ { cron: "0 0 8 * * 1" } ]\n  stages: [A (GPT-5)]\n',
    "3:23",
    /is no cron line/,
  ),
  one(
    "a bad time zone",
    'daemon:\n  name: D\n  triggers: [ { cron: "0 8 * * *", timezone: Europe/Berln } ]\n  stages: [A (GPT-5)]\n',
    "3:46",
    /no time zone/,
  ),
  one(
    "a bad semver",
    "daemon:\n  name: D\n  version: 1.2\n  stages: [A (GPT-5)]\n",
    "3:12",
    /Expected a version of three numbers/,
  ),
  one("a bad duration", stages("{ name: A, agent: gpt-5, timeout: 5 minutes }"), "4:41", /Expected a duration/),
  one(
    "bad money",
    "daemon:\n  name: D\n  budget: { per_run: cheap }\n  stages: [A (GPT-5)]\n",
    "3:22",
    /Expected money/,
  ),
  one(
    "a bad size",
    "skill: { name: a, domain: b }\nruntime: { language: go, memory: lots }\n",
    "2:34",
    /Expected a size/,
  ),
  one("a bad price", "daemon:\n  name: D\n  price: a lot\n  stages: [A (GPT-5)]\n", "3:10", /Expected free/),
  one("tab indentation", "daemon:\n\tname: D\n", "2:1", /[Tt]ab/, /spaces/),
  one("broken YAML", "daemon: [\n", "2:1", /./),
  one("UTF-16", Buffer.from("\ufeffstages: []", "utf16le"), "1:1", /UTF-16/, /UTF-8/),
  one(
    "bytes that are not UTF-8",
    Buffer.concat([Buffer.from("stages:\n  - A"), Buffer.from([0xff, 0xfe, 0x41])]),
    "2:6",
    /not UTF-8/,
  ),
  one("a zero byte", "stages: [ A\u0000 ]", "1:12", /zero byte/),
  one("an escaped zero character", 'stages: [ "A\\0" ]', "1:11", /zero character/),
  one("half a surrogate pair", 'stages: [ "A\\ud800" ]', "1:11", /surrogate/),
  one("a file of 10 MB", `stages: [ A ]\n# ${"x".repeat(10_000_000)}`, "1:1", /10000016 bytes/),
  one(
    "a bomb of aliases",
    `a: &a [${"x,".repeat(50)}]\n${"bcdefgh"
      .split("")
      .map((name, i) => `${name}: &${name} [${`*${"abcdefg"[i]},`.repeat(50)}]\n`)
      .join("")}stages: *h\n`,
    "1:18",
    /too large when its aliases are followed/,
  ),
  one("deep nesting", `stages: ${"[".repeat(200)}${"]".repeat(200)}`, "1:69", /60 levels/),
  one("nesting that would end the stack", `stages: ${"[".repeat(100_000)}`, "1:1", /./),
  one(
    "a value that is no JSON",
    "daemon: { name: D, priority: .inf, stages: [A (GPT-5)] }",
    "1:30",
    /cannot be written as JSON/,
  ),
  one("a key that is a map", "daemon: { {a: 1}: 2 }", "1:11", /key must be plain text/),
  one(
    "a document that is nothing known",
    "version: '3.8'\nservices: {}\n",
    "1:1",
    /Nothing in this document says what it is/,
  ),
  one("a list as document", "- a\n- b\n", "1:1", /holds a map/),
  one("a bad expression", stages('{ name: A, agent: gpt-5, when: "days >" }'), "4:44", /ends too early/),
  one("a bad template", stages("{ name: A, agent: gpt-5, prompt: 'x ${days +} y' }"), "4:50", /Unexpected|too early/),
  one(
    "an unknown function",
    stages("{ name: A, agent: gpt-5, when: 'days.contans(1)' }"),
    "4:44",
    /Did you mean contains/,
  ),
  one("on_error to no handler", stages(THINK, "{ name: B, agent: gpt-5, on_error: think }"), "5:42", /is no handler/),
  one(
    "a handler inside a stage",
    stages("{ name: E, type: for-each, in: '[1]', stages: [ { name: H, agent: gpt-5, handler: true } ] }"),
    "4:89",
    /not inside one/,
  ),
  one(
    "a need of a handler",
    stages("{ name: H, agent: gpt-5, handler: true }", "{ name: A, agent: gpt-5, on_error: h, needs: h }"),
    "5:52",
    /nothing can need it/,
  ),
  one(
    "a join beyond the branches",
    stages("{ name: P, type: parallel, join: 3, branches: { a: A (GPT-5), b: B (GPT-5) } }"),
    "4:40",
    /join is 3, but there are 2/,
  ),
  one(
    "a parallel stage without branches",
    stages("{ name: P, type: parallel }"),
    "4:7",
    /either `branches` or `stages`/,
  ),
  one(
    "a wait for two things",
    stages("{ name: W, type: wait, for: 3m, event: a.b }"),
    "4:7",
    /one of `for`, `until` and `event`/,
  ),
  one("a wait for no time", stages("{ name: W, type: wait, for: soon }"), "4:35", /Expected a duration/),
  one(
    "the output of a stage that is not needed",
    stages(
      "{ name: A, agent: gpt-5 }",
      "{ name: B, agent: gpt-5, needs: [a] }",
      "{ name: C, agent: gpt-5, needs: [a], input: '${b}' }",
    ),
    "6:52",
    /output of stage "b", which "c" does not need/,
    /needs: \[b\]/,
  ),
  one(
    "an output from inside another stage",
    stages(
      "{ name: P, type: parallel, branches: { a: { name: Inner, agent: gpt-5 } } }",
      "{ name: B, agent: gpt-5, input: '${inner}' }",
    ),
    "5:40",
    /is inside "p"/,
  ),
  one("a stage's own output before it exists", stages("{ name: A, agent: gpt-5, when: a == 1 }"), "4:38", /own output/),
  one(
    "item outside a for-each",
    stages("{ name: A, agent: gpt-5, when: item == 1 }"),
    "4:38",
    /only known inside a for-each/,
  ),
  one(
    "a concurrency key of an output",
    "daemon:\n  name: D\n  concurrency: { key: '${think}' }\n  stages: [ Think (GPT-5) ]\n",
    "3:24",
    /nothing has run yet/,
  ),
  one(
    "a script that reads inside a value",
    stages("{ name: A, type: script, script: 'echo ${product.name}' }"),
    "4:46",
    /No shell can read/,
    /\$\{product\}/,
  ),
  one(
    "an input declared twice",
    "daemon:\n  name: D\n  inputs: [ { name: a }, { name: a } ]\n  stages: [A (GPT-5)]\n",
    "3:34",
    /declared twice/,
  ),
  one(
    "an input with a taken name",
    "daemon:\n  name: D\n  inputs: [ { name: event } ]\n  stages: [A (GPT-5)]\n",
    "3:21",
    /every expression has already/,
  ),
  one(
    "a default that does not fit",
    "daemon:\n  name: D\n  inputs: [ { name: n, type: integer, default: many } ]\n  stages: [A (GPT-5)]\n",
    "3:48",
    /default does not fit/,
  ),
  one(
    "an enum without options",
    "daemon:\n  name: D\n  inputs: [ { name: n, type: enum } ]\n  stages: [A (GPT-5)]\n",
    "3:13",
    /"options" is missing/,
  ),
  one(
    "min above max",
    "daemon:\n  name: D\n  inputs: [ { name: n, type: integer, min: 3, max: 1 } ]\n  stages: [A (GPT-5)]\n",
    "3:44",
    /more than max/,
  ),
  one(
    "an unknown input type",
    "daemon:\n  name: D\n  inputs: [ { name: n, type: strng } ]\n  stages: [A (GPT-5)]\n",
    "3:30",
    /Expected one of/,
    /^string$/,
  ),
  one(
    "a trigger with an unknown input",
    "daemon:\n  name: D\n  triggers: [ { event: a.b, inputs: { x: 1 } } ]\n  stages: [A (GPT-5)]\n",
    "3:39",
    /no input "x"/,
  ),
  one(
    "a cache path outside the workspace",
    "daemon:\n  name: D\n  cache_paths: [ ../x ]\n  stages: [A (GPT-5)]\n",
    "3:18",
    /inside the workspace/,
  ),
  one("an unknown model of an agent", `${AGENT}model: blanced\n`, "4:8", /Unknown model/, /^balanced$/),
  one("an unknown tool of an agent", `${AGENT}tools: [ githb_mcp ]\n`, "4:10", /Unknown tool/, /^github_mcp$/),
  one(
    "an unknown trigger of an agent",
    `${AGENT}triggers: [ { slack_message_contain: bug } ]\n`,
    "4:13",
    /Unknown trigger/,
    /slack_message_contains/,
  ),
  one("an unknown store", `${AGENT}memory_schema: { vector_store: qdrnt }\n`, "4:32", /Unknown store/, /^qdrant$/),
  one("a rule that is none", `${AGENT}rules: [ pause everything ]\n`, "4:10", /Expected a rule/),
  one("a report to nobody", `${AGENT}reports_to: nobody\n`, "4:13", /Unknown agent/),
  one("an agent without a goal", "agents: { x: { role: R } }\n", "1:11", /has no goal/),
  one(
    "a default model of no provider",
    "providers: { openai: { models: [gpt-5] } }\ndefaults: { chat: opnai:gpt-5 }\n",
    "2:19",
    /Unknown model/,
    /openai:gpt-5/,
  ),
  one("an unknown vendor", "connections: { x: { vendor: stripee } }\n", "1:29", /Unknown vendor/, /^stripe$/),
  one(
    "a secret's value in place of its name",
    "connections: { x: { vendor: stripe, secret: sk_live_abc } }\n",
    "1:45",
    /the NAME of a secret/,
  ),
  one(
    "an unknown name in a policy",
    "policies: { refuse: [ { when: clas == 'read' } ] }\n",
    "1:31",
    /Unknown name "clas"/,
    /^class$/,
  ),
  one(
    "an unknown name in a trigger",
    "triggers: { x: { event: a.b, where: evnt.action == 'x' } }\n",
    "1:37",
    /Unknown name "evnt"/,
    /^event$/,
  ),
  one(
    "a rule with an unknown action",
    "rules: [ { if: a > 1, on: a.b, then: paus } ]\n",
    "1:38",
    /Unknown action/,
    /^pause$/,
  ),
  one("a rule without an occasion", "rules: [ { if: a > 1, then: pause } ]\n", "1:10", /either `on`/),
  one("a bad currency", "company: { name: X, currency: dollars }\n", "1:31", /currency of three capitals/),
  one("a company's time zone that is none", "company: { name: X, timezone: Mars/North }\n", "1:31", /no time zone/),
  {
    what: "two definitions of one id in two files",
    files: { "a.yaml": AGENT, "b/c.yaml": AGENT.replace("writer", "Writer") },
    at: "b/c.yaml:1:1",
    message: /two definitions of the agent "writer"; the other is in a.yaml:1:1/,
  },
  {
    what: "two model registries",
    files: { "a.yaml": "providers: {}\n", "b.yaml": "providers: {}\n" },
    at: "b.yaml:1:1",
    message: /two definitions of `models`/,
  },
  {
    what: "daemons that start each other",
    files: {
      "a.yaml": stages("{ name: A, type: daemon, daemon: e }"),
      "b.yaml": stages("{ name: A, type: daemon, daemon: d }").replace("name: D", "name: E"),
    },
    at: "a.yaml:1:1",
    message: /d → e → d/,
  },
  {
    what: "a child daemon that lacks an input",
    files: {
      "a.yaml": stages("{ name: A, type: daemon, daemon: e, with: { tpoic: x } }"),
      "b.yaml": "daemon:\n  name: E\n  inputs: [ { name: topic } ]\n  stages: [ Think (GPT-5) ]\n",
    },
    at: "a.yaml:4:7",
    message: /has no input "tpoic"/,
    suggestion: /^topic$/,
  },
];

for (const { what, files, at, message, suggestion } of DEFECTS) {
  test(`${what} is an error with its place`, async () => {
    const { company, problems } = await load(files);
    equal(company, null);
    const errors = errorsOf(problems);
    const found = errors.find((problem) => message.test(problem.message));
    ok(found, `expected ${message}, found ${JSON.stringify(errors, null, 1)}`);
    equal(`${found.file}:${found.line}:${found.column}`, at, JSON.stringify(found));
    if (suggestion !== undefined) match(found.suggestion ?? "", suggestion);
    equal(errors.length, 1, JSON.stringify(errors, null, 1));
  });
}

test("all errors of all files come at once, in the order of their places", async () => {
  const { problems } = await load({
    "b.yaml": stages("{ name: A, agent: nobody, timeout: x, when: 'a >' }"),
    "a.yaml": "products: { x: { domian: a.example, repo: 3 } }",
    "c.yaml": "\tx",
  });
  deepEqual(
    errorsOf(problems).map((problem) => `${problem.file}:${problem.line}`),
    ["a.yaml:1", "a.yaml:1", "b.yaml:4", "c.yaml:1"],
  );
});

test("a file that is wrong all over is cut short, not the memory of the machine", async () => {
  const { problems } = await load({
    "a.yaml": `daemon:\n  name: D\n${Array.from({ length: 5_000 }, (_, i) => `  k${i}: 1\n`).join("")}  stages: [A (GPT-5)]\n`,
  });
  ok(errorsOf(problems).length <= 200);
});

test("a link out of the folder, to a file or a folder, is an error; one inside is followed", async () => {
  const outside = await temporaryFolder("outside");
  writeFileSync(join(outside, "secret.yaml"), AGENT);
  const { problems } = await load({ "a/b.yaml": AGENT }, (folder) => {
    symlinkSync(join(outside, "secret.yaml"), join(folder, "link.yaml"));
    symlinkSync(outside, join(folder, "out"));
    symlinkSync(join(folder, "a"), join(folder, "in"));
    symlinkSync(folder, join(folder, "a", "loop"));
    symlinkSync("/nowhere/at/all.yaml", join(folder, "gone.yaml"));
  });
  deepEqual(
    errorsOf(problems).map((problem) => problem.file),
    ["gone.yaml", "link.yaml", "out"],
  );
});

// Root reads everything, so only others can see this.
if (process.getuid?.() !== 0) {
  test("a file that cannot be read is an error", async () => {
    const { problems } = await load({ "a.yaml": AGENT }, (folder) => chmodSync(join(folder, "a.yaml"), 0));
    match(errorsOf(problems)[0]!.message, /cannot be read \(EACCES\)/);
  });
}

test("a folder that does not exist is an error, and so is a file in its place", async () => {
  const folder = await temporaryFolder("company");
  writeFileSync(join(folder, "a.yaml"), AGENT);
  for (const [name, message] of [
    ["none", /no such folder/],
    ["a.yaml", /cannot be read/],
  ] as const) {
    const { company, problems } = await loadCompany(join(folder, name));
    equal(company, null);
    match(problems[0]!.message, message);
  }
});

test("a daemon of 2,000 stages loads, one of 2,001 does not", async () => {
  const many = (count: number): string =>
    `stages:\n${Array.from({ length: count }, (_, i) => `  - { name: s${i}, agent: gpt-5, input: "\${${i > 0 ? `s${i - 1}` : "x"}}" }\n`).join("")}`;
  ok((await load({ "a.yaml": many(2_000) })).company);
  const { problems } = await load({ "a.yaml": many(2_001) });
  match(errorsOf(problems)[0]!.message, /at most 2000 stages/);
});

const FINE: [what: string, files: Record<string, Content>][] = [
  ["a byte order mark of UTF-8", { "a.yaml": `\ufeff${AGENT}` }],
  ["Windows line ends", { "a.yaml": AGENT.replaceAll("\n", "\r\n") }],
  ["keys that begin with x-", { "a.yaml": `x-note: mine\n${AGENT}x-more: { a: 1 }\n` }],
  ["an empty file, and one of comments", { "a.yaml": "", "b.yaml": "# nothing\n---\n# here\n" }],
  ["several documents in a file", { "a.yaml": `${AGENT}---\n${AGENT.replace("writer", "reader")}` }],
  [
    "aliases and anchors",
    { "a.yaml": "stages:\n  - { name: A, agent: &model gpt-5 }\n  - { name: B, agent: *model }\n" },
  ],
  [
    "other files beside",
    { "README.md": "# x", "data.json": "{", ".hidden.yaml": "{{{", "node_modules/x/y.yaml": "a: 1" },
  ],
  [
    "names in scripts that the shell sets itself",
    {
      "a.yaml": stages(
        "{ name: A, type: script, script: 'for f in *; do echo $f ${f} ${HOME} ${x:-1}; done; y=1; echo ${y}' }",
      ),
    },
  ],
];

for (const [what, files] of FINE) {
  test(`${what} is no problem`, async () => {
    const { company, problems } = await load(files);
    ok(company, JSON.stringify(problems, null, 1));
    deepEqual(company.daemons.get("d")?.inputs ?? [], []);
  });
}

test("an input that is read as `inputs.x` and declared nowhere becomes one, unless it is asked for with care", async () => {
  const text =
    "{ name: A, agent: gpt-5, when: has(inputs.maybe) || inputs.?other.orValue(true), input: '${inputs.topic}' }";
  const { company } = await load({ "a.yaml": stages(text) });
  deepEqual(company?.daemons.get("d")?.inputs, [{ name: "topic", type: "string", required: true, implicit: true }]);
});
