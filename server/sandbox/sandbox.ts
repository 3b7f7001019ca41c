import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fail } from "@regent/contract";
import { type Clock, systemClock } from "#platform";
import { checkSpec } from "./check-spec.ts";
import { findControlGroups } from "./control-groups.ts";
import type { Driver } from "./driver.ts";
import { DEFAULT_LIMITS, withDefaults } from "./limits.ts";
import { createPipes } from "./pipes.ts";
import { ownName } from "./processes.ts";
import { raiseWalls } from "./raise-walls.ts";
import { endStaleUsers, removeStaleFolders } from "./reap.ts";
import { runScript } from "./run-script.ts";

export type Outcome =
  | "ok" | "exit" | "timeout" | "oom" | "pids" | "output-limit" | "disk-limit" | "inode-limit" | "socket-limit"
  | "signal" | "cancelled" | "driver-error"; // biome-ignore format: one table

export interface Limits {
  wallMs: number;
  cpuSeconds: number;
  memoryMb: number;
  pids: number;
  outputBytes: number;
  tmpMb: number;
  workspaceMb: number;
  workspaceFiles: number;
}

export interface ScriptSpec {
  /** For the audit record: who runs what. */
  run: string;
  stage: string;
  /** Text of the script. A first line `#!…` chooses the interpreter and beats `runtime`. */
  script: string;
  runtime?: string;
  env: Record<string, string>;
  /** Host directory that becomes the writable working directory. The driver gives it to the run's own uid. */
  directory: string;
  /** Below `directory`; made if absent. */
  workingDirectory?: string;
  /** Mounted read-only at `inputs/<name>` in the working directory. */
  inputs: { name: string; source: string }[];
  stdin?: Uint8Array;
  /** Names of hosts. Until the egress proxy exists, anything but an empty list is refused. */
  network: string[];
  limits?: Partial<Limits>;
}

export interface ScriptResult {
  outcome: Outcome;
  exitCode: number | null;
  stdout: string;
  stderr: string;
  truncated: boolean;
  durationMs: number;
  usage: { cpuMs: number; memoryPeakMb: number };
  /** One record for the audit: driver, filter, limits, environment names, digests of script and output, outcome. */
  audit: Record<string, unknown>;
}

export interface ScriptControl {
  /** Aborting ends the script and all that it started within 200 ms. */
  signal: AbortSignal;
  /** While true the script's processes are stopped; its wall clock stands still. */
  freeze?: { isFrozen(): boolean; onChange(listener: (frozen: boolean) => void): () => void };
  onOutput?(chunk: Uint8Array, stream: "stdout" | "stderr"): void;
}

export type Probe = { ok: true; version: string; isolation: string } | { ok: false; reason: string; fix: string };

/** Runs scripts that nobody trusts. */
export interface Sandbox {
  /** Which driver passed its self-test, or why none did. */
  readonly driver: { id: string; probe: Probe };
  /** @throws sandbox_unavailable, network_refused */
  run(spec: ScriptSpec, control: ScriptControl): Promise<ScriptResult>;
  /** Ends what a crashed server left behind. Returns how many. */
  reap(): Promise<number>;
  /** Cancels what still runs. */
  close(): Promise<void>;
}

export interface SandboxDeps {
  /** A folder in the data folder: for the self-test, and for copies of inputs. Made if absent. */
  directory: string;
  clock?: Clock;
  limits?: Partial<Limits>;
  /** Which may be used, by name. All are tried in turn; the first that passes its self-test is used. */
  drivers?: Driver["id"][];
  /** False: runs are watched instead, as where no control group can be made. */
  controlGroups?: boolean;
  /** The Node that scripts get. */
  node?: string;
}

/**
 * Finds the walls that hold on this machine by trying to break them: each driver runs a script full of canaries, and
 * any hit disqualifies it. Without a driver that passes, the sandbox exists and refuses every script.
 */
export async function createSandbox(deps: SandboxDeps): Promise<Sandbox> {
  mkdirSync(deps.directory, { recursive: true, mode: 0o700 });
  const directory = mkdtempSync(join(deps.directory, `${ownName()}-`));
  const groups = deps.controlGroups === false ? undefined : findControlGroups();
  const { driver, walls, refusal, uids } = await raiseWalls({
    clock: deps.clock ?? systemClock,
    directory,
    node: realpathSync(deps.node ?? process.execPath),
    limits: withDefaults(deps.limits, DEFAULT_LIMITS),
    groups,
    pipes: createPipes(directory),
    allowed: deps.drivers,
  });
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  return {
    driver,
    async run(spec, control) {
      if (spec.network.length > 0) throw fail("network_refused", { reason: noEgress(spec.network) });
      if (!walls) throw fail("sandbox_unavailable", { reason: refusal });
      checkSpec(spec);
      const signal = AbortSignal.any([control.signal, closing.signal]);
      const ended = runScript(walls, spec, { ...control, signal });
      running.add(ended);
      return ended.finally(() => running.delete(ended));
    },
    async reap() {
      removeStaleFolders(deps.directory);
      return (uids ? endStaleUsers(uids) : 0) + ((await groups?.reap()) ?? 0);
    },
    async close() {
      closing.abort();
      await Promise.allSettled(running);
      rmSync(directory, { recursive: true, force: true });
      await groups?.close();
    },
  };
}

const noEgress = (hosts: string[]): string =>
  `the script asks for ${hosts.join(", ")}, and the egress proxy that would let it out does not exist yet`;
