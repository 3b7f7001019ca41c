/** The record of one script for the audit: who ran what behind which walls, and what came of it. No values, no output. */
import { createHash } from "node:crypto";
import { release } from "node:os";
import type { Output } from "./output.ts";
import type { Walls } from "./run-script.ts";
import type { Limits, ScriptResult, ScriptSpec } from "./sandbox.ts";

export interface Ran {
  spec: ScriptSpec;
  limits: Limits;
  runtime: { command: string[] };
  startedAt: number;
  user: number | undefined;
  output: Output;
  result: Omit<ScriptResult, "audit">;
}

export const auditRecord = (walls: Walls, { spec, limits, runtime, startedAt, user, output, result }: Ran) => ({
  run: spec.run,
  stage: spec.stage,
  script: digest(spec.script),
  command: runtime.command,
  shebang: spec.script.startsWith("#!") ? spec.script.split("\n", 1)[0]!.slice(0, 256) : null,
  inputs: spec.inputs.map(({ name }) => name),
  environment: Object.keys(spec.env).sort(),
  network: spec.network,
  limits: { ...limits },
  driver: { id: walls.driver.id, version: walls.version, isolation: walls.driver.isolation },
  filter: walls.filter.digest,
  kernel: release(),
  user: user ?? null,
  controlGroups: walls.groups?.version ?? null,
  startedAt: new Date(startedAt).toISOString(),
  durationMs: result.durationMs,
  outcome: result.outcome,
  exitCode: result.exitCode,
  usage: result.usage,
  stdout: { digest: digest(output.bytes("stdout")), bytes: output.bytes("stdout").length },
  stderr: { digest: digest(output.bytes("stderr")), bytes: output.bytes("stderr").length },
  truncated: result.truncated,
});

const digest = (bytes: string | Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
