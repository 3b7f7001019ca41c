import { deepEqual, equal, notEqual } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Daemon, JsonObject, Stage } from "@regent/contract";
import { temporaryFolder } from "#testing";
import { loadCompany } from "./index.ts";

async function load(text: string, more: Record<string, string> = {}) {
  const folder = await temporaryFolder("company");
  for (const [name, content] of Object.entries({ "a.yaml": text, ...more })) writeFileSync(join(folder, name), content);
  const { company, problems } = await loadCompany(folder);
  if (company === null) throw new Error(JSON.stringify(problems, null, 1));
  return company;
}

async function stageOf(source: string, before = ""): Promise<JsonObject> {
  const company = await load(
    `daemon:\n  name: D\n  inputs: [ { name: x, type: json } ]\n  stages:\n${before}    - ${source}\n`,
    {
      "child.yaml": "daemon: { name: Child, inputs: [ { name: topic } ], stages: [ { name: A, agent: gpt-5 } ] }",
    },
  );
  const { place: _, ...rest } = company.daemons.get("d")!.stages.at(-1) as Stage & { place?: unknown };
  return JSON.parse(JSON.stringify(rest)) as JsonObject;
}

/** What every stage has when the file says nothing of it. */
const PLAIN = { needs: [], handler: false, fallback: [], onError: { do: "fail" }, evidence: [], network: [] };

const STAGES: [source: string, canonical: JsonObject][] = [
  [
    "{ name: Think Hard, agent: GPT-5, prompt: 'On ${x}' }",
    { id: "think_hard", name: "Think Hard", type: "agent", agent: "gpt-5", prompt: "On ${x}" },
  ],
  [
    "{ name: S, type: script, runtime: node, script: 'echo ${x} $x ${HOME}' }",
    { id: "s", name: "S", type: "script", script: "echo ${x} $x ${HOME}", runtime: "node", reads: ["x"] },
  ],
  [
    "{ name: H, type: hybrid, script: npm test, agent: gpt-4, agent_role: analyze_failures, attempts: 3 }",
    {
      id: "h",
      name: "H",
      type: "hybrid",
      script: "npm test",
      reads: [],
      agent: "gpt-4",
      agentRole: "analyze_failures",
      attempts: 3,
    },
  ],
  [
    "{ name: T, type: tool, tool: http.get, with: { url: '${x.url}' } }",
    { id: "t", name: "T", type: "tool", tool: "http.get", with: { url: "${x.url}" } },
  ],
  [
    "{ name: C, type: daemon, daemon: child, with: { topic: '${x}' } }",
    { id: "c", name: "C", type: "daemon", daemon: "child", with: { topic: "${x}" } },
  ],
  [
    "{ name: G, type: gate, ask: 'Go on with ${x}?', show: '${x}', expires: 24h, otherwise: approve, on_reject: continue }",
    {
      id: "g",
      name: "G",
      type: "gate",
      ask: "Go on with ${x}?",
      show: ["${x}"],
      who: "approver",
      expiresMs: 86_400_000,
      otherwise: "approve",
      onReject: { do: "continue" },
    },
  ],
  [
    "{ name: G, type: gate, ask: Good?, rubric: { mean: 4 } }",
    {
      id: "g",
      name: "G",
      type: "gate",
      ask: "Good?",
      show: [],
      who: "approver",
      otherwise: "reject",
      onReject: { do: "fail" },
      rubric: { mean: 4 },
      missing: ["gates by rubric"],
    },
  ],
  ["{ name: W, type: wait, for: 2h }", { id: "w", name: "W", type: "wait", wait: { for: "2h" } }],
  ["{ name: W, type: wait, until: '${x.at}' }", { id: "w", name: "W", type: "wait", wait: { until: "${x.at}" } }],
  [
    "{ name: W, type: wait, event: order.paid, where: event.id == x.id, timeout: 3d }",
    {
      id: "w",
      name: "W",
      timeoutMs: 259_200_000,
      type: "wait",
      wait: { event: "order.paid", where: "event.id == x.id" },
    },
  ],
  [
    "{ name: E, type: emit, event: report.written, with: { n: 1 } }",
    { id: "e", name: "E", type: "emit", event: "report.written", with: { n: 1 } },
  ],
  [
    "{ name: R, type: rule, rules: [ a ] }",
    { id: "r", name: "R", type: "rule", rules: ["a"], missing: ["stages of type rule"] },
  ],
  [
    "Ask People (Person)",
    {
      id: "ask_people",
      name: "Ask People",
      type: "gate",
      ask: "Ask People?",
      show: [],
      who: "approver",
      otherwise: "reject",
      onReject: { do: "fail" },
    },
  ],
  [
    "{ name: A, agent: gpt-5, when: '${x.n > 3x x.m and not x.off}', output: a1, retry: { attempts: 3 }, timeout: 90s, evidence: size(output) > 0, cache: 1h, working_directory: '${x.dir}', budget: { per_run: $0.50 }, on_error: continue }",
    {
      id: "a", name: "A", when: "x.n > 3.0 * x.m && !x.off", retry: { attempts: 3, firstMs: 1_000, maxMs: 60_000, factor: 2 }, timeoutMs: 90_000,
      evidence: ["size(output) > 0.0"], output: "a1", cache: { forMs: 3_600_000 }, workingDirectory: "${x.dir}", onError: { do: "continue" },
      budget: { perRun: { micros: 500_000, currency: "USD" } }, type: "agent", agent: "gpt-5",
    }, // biome-ignore format: one table
  ],
  [
    "{ name: A, type: script, script: ls, fallback: [ { agent: claude-opus }, { tool: http.get, with: { url: '${x}' } }, { script: 'cat ${x}' } ], network: [api.example.com] }",
    {
      id: "a", name: "A", fallback: [{ agent: "claude-opus" }, { tool: "http.get", with: { url: "${x}" } }, { script: "cat ${x}" }],
      network: ["api.example.com"], type: "script", script: "ls", reads: ["x"], missing: ["network lists (the egress proxy)"],
    }, // biome-ignore format: one table
  ],
];

for (const [source, canonical] of STAGES) {
  test(`${source.slice(0, 60)} in canonical form`, async () => {
    deepEqual(await stageOf(source), { ...PLAIN, ...canonical });
  });
}

const shape = (stages: Stage[]): unknown[] =>
  stages.map((stage) => {
    const inside =
      stage.type === "parallel" ? Object.fromEntries(stage.branches.map((branch) => [branch.name, shape(branch.stages)]))
      : stage.type === "for-each" ? shape(stage.stages)
      : undefined; // biome-ignore format: one choice
    return [stage.id, stage.needs, ...(inside === undefined ? [] : [inside])];
  });

test("a sequence needs the stage before; handlers are no part of it", async () => {
  const company = await load(`stages:
  - { name: Mend, agent: gpt-5, handler: true }
  - { name: A, agent: gpt-5, on_error: mend }
  - { name: B, agent: gpt-5 }
  - { name: C, agent: gpt-5 }
`);
  deepEqual(shape(company.daemons.get("a")!.stages), [
    ["mend", []],
    ["a", []],
    ["b", ["a"]],
    ["c", ["b"]],
  ]);
  deepEqual(company.daemons.get("a")!.stages[1]!.onError, { do: "goto", stage: "mend" });
});

test("with needs anywhere in a list it is a graph, and stages without them need nothing", async () => {
  const company = await load(`stages:
  - { name: A, agent: gpt-5 }
  - { name: Second One, agent: gpt-5 }
  - { name: C, agent: gpt-5, needs: [a, Second One] }
`);
  deepEqual(shape(company.daemons.get("a")!.stages), [
    ["a", []],
    ["second_one", []],
    ["c", ["a", "second_one"]],
  ]);
});

test("branches are a stage, a list, or stages; inside, order holds again", async () => {
  const company = await load(`stages:
  - name: P
    type: parallel
    join: any
    branches:
      one: { agent: gpt-5, prompt: x }
      two: [ A (GPT-5), B (GPT-5) ]
      three: { stages: [ { name: E, type: for-each, in: "[1, 2]", limit: 2, stages: [ C (GPT-5), D (GPT-5) ] } ] }
      four: Short (GPT-5)
  - { name: Q, type: parallel, stages: [ { name: F, agent: gpt-5 }, { name: G, agent: gpt-5 } ] }
`);
  const [p, q] = company.daemons.get("a")!.stages;
  deepEqual(shape([p!, q!]), [
    ["p", [], { one: [["one", []]], two: [["a", []], ["b", ["a"]]], three: [["e", [], [["c", []], ["d", ["c"]]]]], four: [["short", []]] }],
    ["q", ["p"], { f: [["f", []]], g: [["g", []]] }],
  ]); // biome-ignore format: one table
  equal(p?.type === "parallel" && p.join, 1);
});

test("the stages of the documents in short are a pipeline: each reads what the one before gave", async () => {
  const company = await load(
    "stages:\n  - Research (Perplexity)\n  - Outline (GPT-5)\n  - SEO Optimization (Script)\n",
  );
  const [research, outline, seo] = company.daemons.get("a")!.stages;
  deepEqual(
    [research?.type, research?.type === "agent" && research.agent, research?.input],
    ["agent", "perplexity", undefined],
  );
  deepEqual([outline?.type === "agent" && outline.prompt, outline?.input], ["Outline", "${research}"]);
  deepEqual([seo?.type, seo?.missing], ["script", ['the script of "SEO Optimization"']]);
});

test("a daemon's own fields are decided: prices, triggers, budgets, limits at a time, who it is", async () => {
  const company = await load(`daemon:
  name: Weekly Report
  price: { subscription: $9/month }
  triggers: [ { cron: "0 8 * * 1" }, { event: a.b, where: event.n > 3, inputs: { n: "\${event.n}" } }, daily_morning ]
  inputs: [ { name: n, type: integer } ]
  budget: { per_run: 0.5, duration: 30m, on_budget: fail }
  concurrency: { key: "\${inputs.n}" }
  cache_paths: [ node_modules ]
  output: \${a.text}
  stages: [ { name: A, agent: gpt-5 } ]
---
company: { name: X, currency: EUR }
`);
  const { stages: _, ...daemon } = company.daemons.get("weekly-report")!;
  deepEqual(JSON.parse(JSON.stringify(daemon)), {
    id: "weekly-report",
    name: "Weekly Report",
    version: "0.0.0",
    price: "$9/month",
    inputs: [{ name: "n", type: "integer", required: false }],
    triggers: [
      { kind: "cron", cron: "0 8 * * 1", catchUp: "last" },
      { kind: "event", event: "a.b", where: "event.n > 3.0", inputs: { n: "${event.n}" } },
      { kind: "named", name: "daily_morning" },
    ],
    uses: [],
    budget: { perRun: { micros: 500_000, currency: "EUR" }, durationMs: 1_800_000, onBudget: "fail" },
    concurrency: { key: "${inputs.n}", limit: 1, holdWhileWaiting: false },
    cachePaths: ["node_modules"],
    output: "${a.text}",
  });
});

const digestOf = async (text: string): Promise<string> => (await load(text)).digests.get("daemon/d")!;

test("a digest is of what the file means, not of how it is written", async () => {
  const plain =
    "daemon: { name: D, stages: [ { name: A, agent: gpt-5, when: x > 3 and not y, timeout: 60s } ], inputs: [ { name: x }, { name: y } ] }\n";
  const same = [
    `# why\n\n${plain}`,
    "daemon:\n  inputs: [ { name: x, type: string }, { name: y } ]\n  stages:\n    - agent: GPT-5\n      when: ${ (x > 3.0) && !y }\n      name: A\n      type: agent\n      timeout: 1m\n  name: D\n",
  ];
  for (const text of same) equal(await digestOf(text), await digestOf(plain));
  for (const text of [plain.replace("> 3", "> 4"), plain.replace("60s", "61s"), plain.replace("name: A", "name: B")]) {
    notEqual(await digestOf(text), await digestOf(plain));
  }
});

test("an agent that lacks a tool makes the stages that use it say so", async () => {
  const company = await load(
    "name: helper\nrole: R\ngoal: G\ntools: [ github_mcp, http.get ]\n---\nstages: [ { name: A, agent: helper } ]\n",
  );
  const [daemon] = company.daemons.values() as Iterable<Daemon> & Iterator<Daemon>;
  deepEqual(daemon!.stages[0]!.missing, ["a connection github for github.* (agent helper)"]);
});
