import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCompany } from "#company";
import type { Figure } from "./support/figure.ts";

export const name = "check";
export const about = "Reads and checks a company of 1,000 definitions from cold files.";

const DAEMONS = 800;
const AGENTS = 200;
const ROUNDS = 5;

/** The time of the first round counts: `regent check` is a process that reads once. The others say how much is warming up. */
export async function run(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "regent-check-"));
  try {
    writeCompany(folder);
    const rounds: number[] = [];
    for (let i = 0; i < ROUNDS; i += 1) rounds.push(await measureCheck(folder));
    const warm = rounds.slice(1).sort((a, b) => a - b)[Math.floor((ROUNDS - 1) / 2)]!;
    const figure = (what: string, ms: number): Figure => ({
      what,
      value: Math.round(ms),
      unit: "ms",
      reach: "≤ 1000 ms",
      ok: ms <= 1_000,
    });
    return [
      figure("check of 1,000 definitions, first time", rounds[0]!),
      figure("check of 1,000 definitions, again", warm),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureCheck(folder: string): Promise<number> {
  const started = performance.now();
  const { company } = await loadCompany(folder);
  if (company?.daemons.size !== DAEMONS || company.agents.size !== AGENTS) throw new Error("The company did not load.");
  return performance.now() - started;
}

/** Sample definitions: a daemon of five stages in each file, with expressions, templates, a script and a gate. */
export function writeCompany(folder: string): void {
  for (let i = 0; i < DAEMONS; i += 1) writeFileSync(join(folder, `report-${i}.daemon.yaml`), daemonText(i));
  for (let i = 0; i < AGENTS; i += 1) writeFileSync(join(folder, `agent-${i}.agent.yaml`), agentText(i));
}

const daemonText = (i: number): string => `daemon:
  name: Report ${i}
  version: 1.2.0
  inputs:
    - { name: topic, type: string, required: true }
    - { name: days, type: integer, default: 7, min: 1, max: 90 }
  triggers: [ { cron: "0 8 * * 1", timezone: Europe/Berlin, catch_up: last } ]
  budget: { per_run: $0.50, duration: 30m }
  stages:
    - name: Collect
      type: tool
      tool: http.get
      with: { url: "https://example.com/\${topic}", days: "\${days}" }
      output: insights
      retry: { attempts: 5, first: 2s, max: 2m }
    - name: Write
      agent: agent_${i % AGENTS}
      input: \${insights}
      prompt_template: |
        Write report ${i} for \${topic} from \${insights.body}
      output: report
      evidence: [ "report.summary.size() > ${i}" ]
    - name: Count
      type: script
      script: |
        printf '%s' "\${report}" | wc -c
    - name: Approve
      type: gate
      ask: Send report ${i}?
      show: [ "\${report.summary}" ]
      expires: 24h
    - name: Send
      when: report.actions.size() > 0 and days > 3
      type: tool
      tool: http.get
      with: { url: "https://example.com" }
`;

const agentText = (i: number): string => `name: agent_${i}
role: Analyst
goal: Explain what the numbers say
backstory: |
  Knows the numbers.
tools: [ http.get, files.read ]
limits: { steps: 30 }
`;
