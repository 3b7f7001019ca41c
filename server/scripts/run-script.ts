import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fail, type Json } from "@regent/contract";
import type { Job, StepControl } from "#kernel";
import type { Digest } from "#platform";
import type { Limits, Outcome, Sandbox, ScriptResult } from "#sandbox";
import type { Scratch, Workspaces } from "#workspaces";
import { toEnvironment } from "./environment.ts";
import { type LiveOutput, printable } from "./live-output.ts";
import { stampOf, takeOutputFile, toOutput } from "./output.ts";

export interface ScriptMachine {
  workspaces: Workspaces;
  sandbox: Sandbox;
  scratch: Scratch;
  live: LiveOutput;
  companyId(): string;
  limits?: Partial<Limits>;
}

/** The part of a script or hybrid stage that says what runs. */
export interface ScriptBody {
  script: string;
  reads: string[];
  network: string[];
  workingDirectory?: Json;
  timeoutMs?: number;
}

/** How a script ended. `tree` is the workspace after it, only when it ended well. */
export interface ScriptEnd {
  outcome: Outcome;
  exit: number | null;
  stdout: string;
  stderr: string;
  truncated: boolean;
  result: ScriptResult;
  output: Json;
  tree: Digest | null;
}

// A stage without `timeout` is still bounded: an hour. The run's `duration` and a cancellation end it sooner.
const WALL_MS = 3_600_000;

/**
 * One script from the tree it starts with to the tree it leaves. The directory is made anew and thrown away after, so
 * a crash, a failure or a second attempt starts from the old tree.
 */
export async function runScript(
  deps: ScriptMachine,
  body: ScriptBody,
  job: Job,
  tree: Digest,
  control: StepControl,
): Promise<ScriptEnd> {
  await using directory = await deps.scratch.open();
  const root = join(directory.path, "work");
  await mkdir(root);
  const cache = { cachePaths: job.cachePaths, cacheScope: `${deps.companyId()}/${job.run.daemon}` };
  await deps.workspaces.checkOut(tree, root, cache);
  const where = workingDirectoryOf(body, job);
  const inputs = await checkOutInputs(deps, job, directory.path);

  const scope = { ...job.scope, ...inputs.paths, ...(job.input === null ? {} : { input: job.input }) };
  const env = toEnvironment(scope, isShell(body.script) ? body.reads : []);
  const working = where === undefined ? root : join(root, where);
  const before = await stampOf(working);

  const live = deps.live.begin(job.key);
  let result: ScriptResult;
  try {
    result = await deps.sandbox.run(
      {
        run: job.run.id,
        stage: job.path,
        script: body.script,
        env,
        directory: root,
        ...(where === undefined ? {} : { workingDirectory: where }),
        inputs: inputs.mounts,
        ...(job.input === null ? {} : { stdin: Buffer.from(toStdin(job.input)) }),
        network: body.network,
        limits: {
          wallMs: WALL_MS,
          ...deps.limits,
          ...(body.timeoutMs === undefined ? {} : { wallMs: body.timeoutMs }),
        },
      },
      { signal: control.signal, freeze: control.freeze, onOutput: live.write },
    );
  } finally {
    live.end();
  }

  const end = { ...result, exit: result.exitCode, result };
  if (result.outcome !== "ok") return { ...end, output: null, tree: null };
  const output = (await takeOutputFile(working, before)) ?? toOutput(result.stdout);
  return { ...end, output, tree: await deps.workspaces.checkIn(root, cache) };
}

/** Inputs of the run appear read-only at `inputs/<name>` of where the script runs; `$name` holds that path. */
async function checkOutInputs(deps: ScriptMachine, job: Job, directory: string) {
  const mounts: { name: string; source: string }[] = [];
  const paths: Record<string, Json> = {};
  for (const { name, tree, kind } of job.files) {
    const source = join(directory, `input-${mounts.length}`);
    await mkdir(source);
    await deps.workspaces.checkOut(tree, source);
    mounts.push({ name, source });
    const file = kind === "folder" ? undefined : await onlyFileOf(deps, tree);
    paths[name] = `inputs/${name}${file === undefined ? "" : `/${file}`}`;
  }
  return { mounts, paths };
}

/** An input of type `file` is a tree with one entry. */
async function onlyFileOf(deps: ScriptMachine, tree: Digest): Promise<string | undefined> {
  const [first, second] = await deps.workspaces.list(tree);
  return first?.kind === "file" && second === undefined ? first.path : undefined;
}

function workingDirectoryOf(body: ScriptBody, job: Job): string | undefined {
  if (body.workingDirectory === undefined) return undefined;
  const path = job.render(body.workingDirectory);
  const parts = typeof path === "string" ? path.split("/").filter((part) => part !== "" && part !== ".") : [];
  if (typeof path !== "string" || path.startsWith("/") || parts.includes("..") || path.includes("\0"))
    throw fail("invalid_input", {
      errors: [{ pointer: "/working_directory", message: `${JSON.stringify(path)} is not a folder of the workspace` }],
    });
  return parts.length === 0 ? undefined : parts.join("/");
}

/** Of another interpreter's script nobody knows which names it reads: what does not fit is left out. */
const isShell = (script: string): boolean => !script.startsWith("#!") || /^#!.*\b(?:ba|da|z|k)?sh\b/.test(script);

const toStdin = (input: Json): string => (typeof input === "string" ? input : JSON.stringify(input));

/** What a run's page shows of a script. */
export function detailOf(end: ScriptEnd): Record<string, Json> {
  return {
    outcome: end.outcome,
    exit: end.exit,
    stdout: tail(end.stdout, 40),
    stderr: tail(end.stderr, 40),
    truncated: end.truncated,
    cpu_ms: end.result.usage.cpuMs,
    memory_peak_mb: end.result.usage.memoryPeakMb,
    audit: end.result.audit as Json,
  };
}

/** The last lines, safe to show. */
export const tail = (text: string, lines: number): string =>
  text.replace(/\n$/, "").split("\n").slice(-lines).map(printable).join("\n").slice(-8_000);

/** What is known of how a script ended, also from the record. */
export type ScriptTrace = Pick<ScriptEnd, "outcome" | "exit" | "stdout" | "stderr">;

/** Why a script that did not end well fails its stage. */
export function failureOf(end: ScriptTrace, more: Record<string, Json> = {}): Error {
  const stderr = tail(end.stderr, 20);
  if (end.outcome !== "exit") return fail("script_stopped", { outcome: SENTENCES[end.outcome], stderr, ...more });
  const error = fail("script_failed", { exit: end.exit, stderr, ...more });
  error.message = withReason(error.message, end);
  return error;
}

/** The exit code alone explains little: the last line of stderr usually says what happened. */
function withReason(message: string, end: ScriptTrace): string {
  const last = tail(end.stderr, 1).trim() || tail(end.stdout, 1).trim();
  return last === "" ? message : `${message.replace(/\.$/, "")}: ${last.slice(0, 300)}`;
}

const SENTENCES: Record<Outcome, string> = {
  ok: "it ended well",
  exit: "it ended with an exit code",
  timeout: "it ran longer than it may",
  oom: "it used more memory than it may",
  pids: "it started more processes than it may",
  "output-limit": "it wrote more output than it may",
  "disk-limit": "it wrote more to disk than it may",
  "inode-limit": "it made more files than it may",
  "socket-limit": "it opened more sockets than it may",
  signal: "a signal ended it",
  cancelled: "it was cancelled",
  "driver-error": "the sandbox failed",
};
