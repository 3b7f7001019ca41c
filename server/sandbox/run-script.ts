/**
 * Runs one script: its folder becomes its own, the walls go up, limits and the caller's control act on it, and nothing
 * is reported before everything that it started is dead.
 */
import { join } from "node:path";
import type { Clock } from "#platform";
import { auditRecord } from "./audit.ts";
import type { ControlGroups } from "./control-groups.ts";
import type { Command, Driver } from "./driver.ts";
import { launch, reach } from "./launch.ts";
import { withDefaults } from "./limits.ts";
import { createOutput } from "./output.ts";
import type { Pipes } from "./pipes.ts";
import { type Prepared, prepareRun } from "./prepare-run.ts";
import { type ChosenRuntime, chooseRuntime } from "./runtime.ts";
import type { Limits, Outcome, ScriptControl, ScriptResult, ScriptSpec } from "./sandbox.ts";
import { ScriptProcess } from "./script-process.ts";
import type { Filter } from "./seccomp.ts";
import { supervise } from "./supervise.ts";
import type { Uids } from "./uids.ts";

export interface Walls {
  clock: Clock;
  /** For what has to lie somewhere while a script runs. */
  directory: string;
  driver: Driver;
  version: string;
  filter: Filter;
  node: string;
  limits: Limits;
  /** Present when the server is root. */
  uids: Uids | undefined;
  groups: ControlGroups | undefined;
  pipes: Pipes;
}

export async function runScript(walls: Walls, spec: ScriptSpec, control: ScriptControl): Promise<ScriptResult> {
  const limits = withDefaults(spec.limits, walls.limits);
  const runtime = chooseRuntime(spec.script, spec.runtime, join("/workspace", spec.workingDirectory ?? ""));
  const startedAt = walls.clock.now();
  const started = performance.now();
  await using prepared = await prepareRun(walls, spec, limits);
  const { binds, command } = toCommand(walls, prepared, { spec, limits, runtime });
  const streams = await prepared.openStreams();
  const { group, uid } = prepared;
  const as = { joins: group?.joins ?? [], binds, ...(uid === undefined ? {} : { uid }) };
  const script = new ScriptProcess(launch(command.argv, as), command, { ...streams, group });

  const output = createOutput(limits.outputBytes);
  const { reason, exitCode, failure, usage } = await supervise(script, {
    ...{ directory: prepared.directory, limits, control, output, group },
  });
  const counted = group?.usage();
  const result = {
    outcome: reason ?? (failure ? "driver-error" : outcomeOf(exitCode, counted)),
    exitCode: reason ? null : exitCode,
    stdout: output.stdout(),
    stderr: failure ? `The sandbox could not start the script: ${failure.message}\n` : output.stderr(),
    truncated: output.truncated,
    durationMs: Math.round((performance.now() - started) * 10) / 10,
    usage: { cpuMs: counted?.cpuMs ?? usage.cpuMs, memoryPeakMb: counted?.memoryPeakMb ?? usage.memoryPeakMb },
  };
  return { ...result, audit: auditRecord(walls, { spec, limits, runtime, startedAt, user: uid, output, result }) };
}

interface What {
  spec: ScriptSpec;
  limits: Limits;
  runtime: ChosenRuntime;
}

function toCommand(walls: Walls, { directory, inputs, uid }: Prepared, { spec, limits, runtime }: What) {
  const paths = [directory, walls.node, ...inputs.map(({ source }) => source)];
  const { binds, at } = uid === undefined ? { binds: [], at: (path: string) => path } : reach(paths);
  const command: Command = walls.driver.command({
    directory: at(directory),
    workingDirectory: spec.workingDirectory ?? "",
    inputs: inputs.map(({ name, source }) => ({ name, source: at(source) })),
    text: Buffer.from(spec.script),
    scriptPath: runtime.path,
    node: at(walls.node),
    env: { ...runtime.env, ...spec.env },
    command: runtime.command,
    limits,
    filter: walls.filter.program,
  });
  return { binds, command };
}

const SIGXCPU = 24;
const SIGXFSZ = 25;

function outcomeOf(code: number | null, counted: { outOfMemory: boolean; outOfPids: boolean } | undefined): Outcome {
  if (code === 0) return "ok";
  if (counted?.outOfMemory) return "oom";
  if (counted?.outOfPids) return "pids";
  if (code === 128 + SIGXCPU) return "timeout";
  if (code === 128 + SIGXFSZ) return "disk-limit";
  if (code === null) return "driver-error";
  return code > 128 && code <= 192 ? "signal" : "exit";
}
