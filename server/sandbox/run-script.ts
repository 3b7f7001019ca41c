/**
 * Runs one script: its folder becomes its own, the walls go up, limits and the caller's control act on it, and nothing
 * is reported before everything that it started is dead.
 */
import { realpath } from "node:fs/promises";
import { fail } from "@regent/contract";
import type { Clock } from "#platform";
import { auditRecord } from "./audit.ts";
import type { ControlGroup, ControlGroups } from "./control-groups.ts";
import type { Driver } from "./driver.ts";
import { launch, reach } from "./launch.ts";
import { withDefaults } from "./limits.ts";
import { createOutput } from "./output.ts";
import type { Pipe, Pipes } from "./pipes.ts";
import { chooseRuntime } from "./runtime.ts";
import type { Limits, Outcome, ScriptControl, ScriptResult, ScriptSpec } from "./sandbox.ts";
import { type Exit, ScriptProcess } from "./script-process.ts";
import type { Filter } from "./seccomp.ts";
import { stageInputs } from "./stage-inputs.ts";
import type { Uids } from "./uids.ts";
import { startWallClock } from "./wall-clock.ts";
import { watch } from "./watch.ts";
import { giveTo, makeInputsFolder, makeStartFolder } from "./working-directory.ts";

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
  const runtime = chooseRuntime(spec.script, spec.runtime);
  const directory = await realpath(spec.directory);
  const startedAt = walls.clock.now();
  const started = performance.now();
  const output = createOutput(limits.outputBytes);
  const user = walls.uids?.take();
  let group: ControlGroup | undefined;
  const tidy: (() => Promise<void>)[] = [];
  try {
    if (user) await giveTo(directory, user.uid);
    const startFolder = await makeStartFolder(directory, spec.workingDirectory ?? "", user?.uid);
    if (spec.inputs.length > 0) {
      if (!startFolder) throw fail("invalid_input", { reason: "a link leads to the working directory" });
      tidy.push(await makeInputsFolder(startFolder, user?.uid));
    }
    const staged = await stageInputs(spec, walls.directory, user?.uid);
    tidy.push(staged.remove);
    group = walls.groups?.create(`${process.pid}-${user?.uid ?? ""}-${nextNumber()}`, limits);
    const { inputs } = staged;
    const [stdout, stderr] = await Promise.all([walls.pipes.take(user?.uid), walls.pipes.take(user?.uid)]);
    const script = start(walls, { spec, directory, inputs, limits, runtime, uid: user?.uid, stdout, stderr, group });

    let reason: Outcome | undefined;
    const stopFor = (outcome: Outcome) => {
      reason ??= outcome;
      script.kill();
    };
    script.onOutput((chunk, stream) => {
      const kept = output.add(chunk, stream);
      if (kept.length > 0 && !reason) control.onOutput?.(kept, stream);
      if (output.truncated) stopFor("output-limit");
    });
    const wall = startWallClock(limits.wallMs, () => stopFor("timeout"));
    const watched = watch(script, directory, limits, group, stopFor);
    const abort = () => stopFor("cancelled");
    if (control.signal.aborted) abort();
    control.signal.addEventListener("abort", abort);
    const freeze = (frozen: boolean) => {
      wall.freeze(frozen);
      script.freeze(frozen);
    };
    const unsubscribe = control.freeze?.onChange(freeze);
    if (control.freeze?.isFrozen()) freeze(true);

    let exit: Exit;
    try {
      exit = await Promise.race([script.exited, script.startFailure]);
    } finally {
      watched.stop();
      wall.stop();
      control.signal.removeEventListener("abort", abort);
      unsubscribe?.();
      await script.settle();
    }
    reason ??= await watched.excessAtEnd();
    const counted = group?.usage();
    const exitCode = script.reported ? exit.code : null;
    const outcome = reason ?? outcomeOf(exitCode, counted);
    const result = {
      outcome,
      exitCode: reason ? null : exitCode,
      stdout: output.stdout(),
      stderr: output.stderr(),
      truncated: output.truncated,
      durationMs: Math.round((performance.now() - started) * 10) / 10,
      usage: {
        cpuMs: counted?.cpuMs ?? watched.usage.cpuMs,
        memoryPeakMb: counted?.memoryPeakMb ?? watched.usage.memoryPeakMb,
      },
    };
    return {
      ...result,
      audit: auditRecord(walls, { spec, limits, runtime, startedAt, user: user?.uid, output, result }),
    };
  } finally {
    for (const step of tidy) await step();
    await group?.remove();
    user?.release();
  }
}

interface Start {
  spec: ScriptSpec;
  directory: string;
  inputs: ScriptSpec["inputs"];
  limits: Limits;
  runtime: { path: string; command: string[] };
  uid: number | undefined;
  stdout: Pipe;
  stderr: Pipe;
  group: ControlGroup | undefined;
}

function start(
  walls: Walls,
  { spec, directory, inputs, limits, runtime, uid, stdout, stderr, group }: Start,
): ScriptProcess {
  const paths = [directory, walls.node, ...inputs.map(({ source }) => source)];
  const { binds, at } = uid === undefined ? { binds: [], at: (path: string) => path } : reach(paths);
  const command = walls.driver.command({
    directory: at(directory),
    workingDirectory: spec.workingDirectory ?? "",
    inputs: inputs.map(({ name, source }) => ({ name, source: at(source) })),
    text: Buffer.from(spec.script),
    scriptPath: runtime.path,
    node: at(walls.node),
    env: spec.env,
    command: runtime.command,
    limits,
    filter: walls.filter.program,
  });
  const as = { joins: group?.joins ?? [], binds, ...(uid === undefined ? {} : { uid }) };
  return new ScriptProcess(launch(command.argv, as), command, { stdin: spec.stdin, stdout, stderr, group });
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

let number = 0;
const nextNumber = () => ++number;
