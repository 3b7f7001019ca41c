import { existsSync } from "node:fs";
import type { Sandbox } from "#sandbox";

/**
 * What a script stage lacks. Nothing runs outside a sandbox: without one the stage is refused with the way to get it.
 * `runtime` says what the script, which is a shell's, expects to find installed; our Node is always there.
 */
export function missingForScripts(sandbox: Sandbox, runtime: string | undefined): string[] {
  const { probe } = sandbox.driver;
  const programs = runtime === undefined ? undefined : RUNTIMES.get(runtime);
  return [
    ...(probe.ok ? [] : [`a sandbox (${probe.reason}; ${probe.fix})`]),
    ...(programs === undefined || programs.some((path) => existsSync(path)) ? [] : [`the runtime ${runtime}`]),
  ];
}

const RUNTIMES = new Map([
  ["python", ["/usr/bin/python3", "/usr/local/bin/python3"]],
  ["go", ["/usr/bin/go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go"]],
]);
