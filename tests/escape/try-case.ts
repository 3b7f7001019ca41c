import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ScriptControl, ScriptResult, ScriptSpec } from "#sandbox";
import type { Arena } from "./arena.ts";
import type { EscapeCase } from "./cases.ts";

export type Attempt = (spec: ScriptSpec, control: ScriptControl) => Promise<ScriptResult>;

/** `inconclusive`: no trace of an escape, but the case did not get to its end either. That is never a pass. */
export interface Verdict {
  name: string;
  category: string;
  verdict: "held" | "escaped" | "inconclusive";
  evidence: string[];
  outcome: string;
}

const LIMITS = { wallMs: 10_000, cpuSeconds: 20, memoryMb: 512, pids: 96, tmpMb: 32, workspaceMb: 64 };

export async function tryCase(each: EscapeCase, arena: Arena, place: string, attempt: Attempt): Promise<Verdict> {
  const directory = join(place, `case-${each.name}`);
  mkdirSync(directory);
  arena.directory = directory;
  const visitors = arena.visitors();
  const evidence: string[] = [];
  try {
    const spec = each.spec?.(arena) ?? {};
    const base = { run: "escape", stage: each.name, runtime: "bash", network: [], inputs: [], directory };
    const limits = { ...LIMITS, ...each.limits };
    const whole = { ...base, script: each.script, limits, ...spec, env: { ...arena.env, ...spec.env } };
    let meanwhile: Promise<string[]> | undefined;
    const onOutput = (chunk: Uint8Array) => {
      if (each.meanwhile && Buffer.from(chunk).includes("UP")) meanwhile ??= each.meanwhile(arena);
    };
    const result = await attempt(whole, { signal: new AbortController().signal, onOutput });
    arena.audit = JSON.stringify(result.audit);
    evidence.push(...linesOf(result), ...((await meanwhile) ?? []));
    let isDone = /^DONE$/m.test(result.stdout) && (!each.meanwhile || meanwhile !== undefined);
    if (each.afterwards) {
      const inputs = each.afterwards.withInputs ? [{ name: "order.txt", source: arena.input }] : [];
      const second = await attempt(
        { ...whole, script: each.afterwards.script, inputs },
        { signal: new AbortController().signal },
      );
      evidence.push(...linesOf(second));
      isDone &&= /^DONE$/m.test(second.stdout);
    }
    evidence.push(...(each.traces?.(arena, directory) ?? []));
    if (arena.visitors() > visitors) evidence.push("the host had a visitor");
    if (result.stdout.includes(arena.secret) || result.stderr.includes(arena.secret))
      evidence.push("a secret was read");
    const isStopped = each.stopped?.includes(result.outcome) ?? false;
    const verdict = evidence.length > 0 ? "escaped" : isDone || isStopped ? "held" : "inconclusive";
    if (verdict === "inconclusive") evidence.push(result.stderr.slice(0, 300));
    return { name: each.name, category: each.category, verdict, evidence, outcome: result.outcome };
  } finally {
    arena.survivors();
    arena.restore();
    rmSync(directory, { recursive: true, force: true });
  }
}

const linesOf = ({ stdout }: ScriptResult): string[] => stdout.split("\n").filter((line) => line.startsWith("OUT "));
