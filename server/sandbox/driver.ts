import type { Limits } from "./sandbox.ts";

/** One script, ready to be run. Every path is one that the run's own uid can reach. */
export interface WalledScript {
  directory: string;
  /** Below /workspace inside. */
  workingDirectory: string;
  inputs: { name: string; source: string }[];
  text: Buffer;
  /** Path of the script inside. */
  scriptPath: string;
  /** Our own Node, which becomes /opt/regent/bin/node. */
  node: string;
  env: Record<string, string>;
  /** What runs inside: the interpreter, its arguments, the script. */
  command: string[];
  limits: Limits;
  filter: Buffer;
}

/** A process to start: nothing secret in `argv`; the rest travels on descriptors from 3 on. */
export interface Command {
  argv: string[];
  /** Bytes that the process reads to their end, by descriptor. */
  feeds: Map<number, Buffer>;
  /** Where the driver tells the host's number of the sandbox's first process, and that the walls stood. */
  statusFd: number;
  /** Fed only when the inside has said something on it. */
  answerFd: number;
}

/** One way to build the walls. */
export interface Driver {
  readonly id: "bwrap" | "userns";
  readonly isolation: string;
  /** What has to be installed. The first of them is asked for its version. */
  readonly programs: { path: string; package: string }[];
  command(script: WalledScript): Command;
}
