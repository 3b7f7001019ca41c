import { spawn } from "node:child_process";

export interface CommandResult {
  ok: boolean;
  /** stdout and stderr, as they came. */
  output: string;
  durationMs: number;
}

export function runCommand(command: string, args: string[], options: { cwd?: string } = {}): Promise<CommandResult> {
  const startedAt = performance.now();
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const end = (ok: boolean): CommandResult => ({ ok, output, durationMs: performance.now() - startedAt });
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  return new Promise((resolve) => {
    child.on("error", (error) => {
      output += `${command}: ${error.message}`;
      resolve(end(false));
    });
    child.on("close", (code) => resolve(end(code === 0)));
  });
}
