import { deepEqual, equal, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findKeys } from "./find-keys.ts";
import { parseYaml } from "./yaml-document.ts";

const COMPANY = join(import.meta.dirname, "../../company");
/** Made here, so that no scanner takes this file for a leak. */
const x = (count: number): string => "x1".repeat(count);
const SAMPLES = [
  `sk-ant-${x(12)}`,
  `sk-proj-${x(12)}`,
  `sk-${x(24)}`,
  `AIza${x(18).slice(0, 35)}`,
  `sk_live_${x(12)}`,
  `rk_test_${x(12)}`,
  `whsec_${x(12)}`,
  `AKIA${"A1".repeat(8)}`,
  `ghp_${x(18)}`,
  `github_pat_${x(18)}`,
  `glpat-${x(12)}`,
  `xoxb-${x(12)}`,
  "-----BEGIN RSA PRIVATE KEY-----",
];

test("every known spelling of a key is an error at its place, in values and in comments, and is not repeated", () => {
  for (const sample of SAMPLES)
    for (const text of [`a: 1\nkeys: "${sample}"\n`, `a: 1\nb: 2 # ${sample}\n`]) {
      const [problem, ...others] = findKeys("a.yaml", text);
      deepEqual([problem?.line, problem?.column, problem?.severity, others.length], [2, 8, "error", 0], text);
      ok(!JSON.stringify(problem).includes(sample.slice(8)));
    }
});

test("names of secrets, ids, digests and patterns for keys are none", () => {
  const fine = [
    "secret: STRIPE_WEBHOOK_SECRET",
    "account: acct_1A2b3C4d5E6f7G8h",
    `digest: sha256:${"ab12".repeat(16)}`,
    "task-force-for-everything-that-is-left-to-do",
    "/AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----/",
  ];
  for (const text of fine) deepEqual(findKeys("a.yaml", text), [], text);
});

test("a file with a key in it does not load, whatever else it holds", () => {
  const { problems } = parseYaml("a.yaml", `company: { id: main, name: Main }\n# ${SAMPLES[0]}\n`);
  deepEqual(
    problems.map(({ line, severity }) => [line, severity]),
    [[2, "error"]],
  );
});

test("the template of secrets names each secret that the starter company refers to, and holds no value", () => {
  const template = readFileSync(join(COMPANY, "secrets.env.example"), "utf8");
  const names = [...template.matchAll(/^# ?([A-Z][A-Z0-9_]*)=(.*)$/gm)];
  for (const [, name, value] of names) equal(value, "", name);
  const files = readdirSync(COMPANY, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
  const wanted = files.flatMap((file) =>
    [...readFileSync(join(COMPANY, file), "utf8").matchAll(/\bsecret: ([A-Z][A-Z0-9_]*)/g)].map((match) => match[1]),
  );
  ok(wanted.length > 0);
  for (const name of wanted)
    ok(
      names.some((one) => one[1] === name),
      `${name} is not in secrets.env.example`,
    );
  deepEqual(
    template.split("\n").filter((line) => line !== "" && !line.startsWith("#")),
    [],
  );
});
