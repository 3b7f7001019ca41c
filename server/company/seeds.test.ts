import { deepEqual, equal, ok } from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { test } from "node:test";
import type { JsonObject } from "@regent/contract";
import { temporaryFolder } from "#testing";
import { loadCompany } from "./index.ts";

// The documents' own configuration files lie beside the checkout, not in it.
const SEEDS = resolve(import.meta.dirname, "../../../shared/fixtures/seeds");
const EXAMPLES = resolve(import.meta.dirname, "../../tests/formats");

async function loadCopyOf(paths: string[], root: string) {
  const folder = await temporaryFolder("company");
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  return await loadCompany(folder);
}

interface Seed {
  paths: string[];
  /** Ids of what it defines. */
  daemons?: string[];
  agents?: number;
  warnings: number;
}

const ONE: Seed[] = [
  { paths: ["products.yaml", "agents"], agents: 13, warnings: 87 },
  { paths: ["agents-with-memory-schema.yaml"], agents: 3, warnings: 13 },
  { paths: ["models.yaml"], warnings: 3 },
  { paths: ["aspora.config.yaml"], warnings: 1 },
  { paths: ["saas-mvp-builder.daemon.yaml"], daemons: ["saas-mvp-builder"], warnings: 7 },
  { paths: ["blog-content-pipeline.stages.yaml"], daemons: ["blog-content-pipeline"], warnings: 2 },
  { paths: ["code-review-and-refactor.stages.yaml"], daemons: ["code-review-and-refactor"], warnings: 3 },
  { paths: ["customer-support-triage.stages.yaml"], daemons: ["customer-support-triage"], warnings: 3 },
];

if (!existsSync(SEEDS)) {
  test("the documents' own files are not beside this checkout; nothing was tested with them", (context) => {
    context.diagnostic(`no folder ${basename(SEEDS)}`);
    equal(existsSync(SEEDS), false);
  });
} else {
  for (const { paths, daemons = [], agents = 0, warnings } of ONE) {
    test(`${paths.join(" with ")} of the documents loads unchanged`, async () => {
      const { company, problems } = await loadCopyOf(paths, SEEDS);
      ok(company, JSON.stringify(problems, null, 1));
      deepEqual([...company.daemons.keys()], daemons);
      equal(company.agents.size, agents);
      equal(problems.length, warnings, problems.map((problem) => problem.message).join("\n"));
    });
  }

  test("the documents' daemon: its implicit inputs, what its script reads, and what it lacks", async () => {
    const { company } = await loadCopyOf(["saas-mvp-builder.daemon.yaml"], SEEDS);
    const daemon = company!.daemons.get("saas-mvp-builder")!;
    deepEqual(
      daemon.inputs.map(({ name, type, required, implicit }) => [name, type, required, implicit === true]),
      [
        ["app_idea", "string", false, false],
        ["tech_stack", "enum", false, false],
        ["app_name", "string", true, true],
        ["packages", "string", true, true],
      ],
    );
    const [, , script, implementation] = daemon.stages;
    ok(script?.type === "script");
    deepEqual(script.reads, ["app_name", "packages"]);
    deepEqual(script.needs, ["database_design"]);
    deepEqual(implementation?.missing, ["the CLI agent claude-code"]);
  });

  test("the documents' rules are CEL, and their message trigger is one", async () => {
    const { company } = await loadCopyOf(["products.yaml", "agents"], SEEDS);
    const rules = company!.agents.get("ads-agent")!.rules.map((rule) => Object.values(rule as JsonObject).join(": "));
    deepEqual(rules, [
      "spend > 3.0 * target_cpa && conversions == 0.0: pause",
      "cpa < 0.8 * target_cpa && conversions >= 10.0: scale_20pct",
      "frequency > 4.0: alert_creative_fatigue",
    ]);
    deepEqual(company!.agents.get("code-agent")?.triggers[1], { message: { channel: "slack", contains: ["bug"] } });
    equal(company!.products.size, 5);
  });
}

for (const name of readdirSync(EXAMPLES)) {
  test(`the example of the formats, ${name}, loads`, async () => {
    const { company, problems } = await loadCopyOf(readdirSync(join(EXAMPLES, name)), join(EXAMPLES, name));
    ok(company, JSON.stringify(problems, null, 1));
  });
}
