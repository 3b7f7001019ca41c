/** The ways in which the same cases are tried: as root and as an ordinary user, with each driver, and without walls. */
import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { createSandbox } from "#sandbox";
import { launch, reach } from "../../server/sandbox/launch.ts";
import { createArena } from "./arena.ts";
import { CASES, type EscapeCase } from "./cases.ts";
import { type Attempt, tryCase, type Verdict } from "./try-case.ts";

export const MODES = ["root-groups", "root", "user", "userns-root", "userns-user", "control"] as const;
export type Mode = (typeof MODES)[number];

export const isRoot = process.getuid?.() === 0;
/** Nobody's number, with no groups: what an ordinary account without a name looks like. */
const ORDINARY_UID = 65_533;

/** Which modes can be tried by whoever runs the tests. */
export const possibleModes = (): Mode[] => (isRoot ? [...MODES] : ["user", "userns-user", "control"]);

export async function tryMode(mode: Mode, names: string[]): Promise<Verdict[]> {
  const cases = CASES.filter(({ name }) => names.includes(name));
  if (isRoot && mode.includes("user") && !mode.endsWith("root")) return tryAsOrdinaryUser(mode, names);
  const place = mkdtempSync(join(tmpdir(), "regent-escape-"));
  chmodSync(place, 0o755);
  try {
    return await tryHere(mode, cases, place);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

export async function tryHere(mode: Mode, cases: EscapeCase[], place: string): Promise<Verdict[]> {
  if (mode === "control") return withArena(cases, place, runBare);
  const drivers = mode.startsWith("userns") ? (["userns"] as const) : (["bwrap"] as const);
  const sandbox = await createSandbox({
    directory: join(place, "sandbox"),
    drivers: [...drivers],
    controlGroups: mode === "root-groups",
  });
  try {
    if (!sandbox.driver.probe.ok)
      throw new Error(`${mode}: ${sandbox.driver.probe.reason}. ${sandbox.driver.probe.fix}`);
    return await withArena(cases, place, (spec, control) => sandbox.run(spec, control));
  } finally {
    await sandbox.close();
  }
}

export async function withArena(cases: EscapeCase[], place: string, attempt: Attempt): Promise<Verdict[]> {
  const arena = await createArena(place);
  try {
    const verdicts: Verdict[] = [];
    for (const each of cases) verdicts.push(await tryCase(each, arena, place, attempt));
    return verdicts;
  } finally {
    arena.close();
  }
}

/** The checkout may lie where only root can enter: the same private mount that scripts get shows it to the user. */
async function tryAsOrdinaryUser(mode: Mode, names: string[]): Promise<Verdict[]> {
  const place = mkdtempSync(join(tmpdir(), "regent-escape-"));
  chownSync(place, ORDINARY_UID, ORDINARY_UID);
  chmodSync(place, 0o755);
  const house = resolve(import.meta.dirname, "../..");
  const { binds, at } = reach([house, process.execPath]);
  const program = join(at(house), relative(house, join(import.meta.dirname, "as-user.ts")));
  const start = launch([at(process.execPath), program, mode, place, names.join(",")], {
    uid: ORDINARY_UID,
    joins: [],
    binds,
  });
  try {
    return JSON.parse(await outputOf(start.argv, start.uid)) as Verdict[];
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function outputOf([program = "", ...rest]: string[], uid: number | undefined): Promise<string> {
  const child = spawn(program, rest, {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: "/",
    env: { TMPDIR: tmpdir() },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(text) : reject(new Error(`exit ${code}: ${text}`))));
  });
}

/**
 * No walls: the script as a plain child with the server's own environment. Only its mounts and the host's name are its
 * own, because a control that works would otherwise change the machine.
 */
const APART = isRoot ? ["unshare", "--mount", "--uts", "--propagation", "private"] : [];

const runBare: Attempt = (spec, control) =>
  new Promise((done, reject) => {
    const file = join(spec.directory, "script");
    writeFileSync(file, spec.script, { mode: 0o755 });
    // Without walls an input is what it is: the host's own file.
    for (const { name, source } of spec.inputs) {
      mkdirSync(join(spec.directory, "inputs"), { recursive: true });
      rmSync(join(spec.directory, "inputs", name), { force: true });
      symlinkSync(source, join(spec.directory, "inputs", name));
    }
    const started = performance.now();
    const [program = file, ...rest] = [...APART, file];
    const child = spawn(program, rest, {
      cwd: spec.directory,
      detached: true,
      env: { ...process.env, ...spec.env, PATH: process.env.PATH, LD_PRELOAD: "", BASH_ENV: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].on("data", (chunk: Buffer) => {
        if (output[stream].length < 200_000_000) output[stream] += chunk.toString("latin1");
        control.onOutput?.(chunk, stream);
      });
    }
    const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), 12_000);
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      setTimeout(() => {
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
        const usage = { cpuMs: 0, memoryPeakMb: 0 };
        const durationMs = performance.now() - started;
        const ended = { exitCode: code, truncated: false, durationMs, usage, audit: {} };
        done({ outcome: code === 0 ? "ok" : "exit", ...output, ...ended });
      }, 100);
    });
  });
