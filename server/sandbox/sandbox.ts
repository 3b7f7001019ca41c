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
  close(): Promise<void>;
}
