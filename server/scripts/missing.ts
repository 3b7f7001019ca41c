import type { Sandbox } from "#sandbox";

/** Nothing runs outside a sandbox: without one, script stages are refused at start with the way to get it. */
export function missingForScripts(sandbox: Sandbox): string[] {
  const { probe } = sandbox.driver;
  return probe.ok ? [] : [`a sandbox (${probe.reason}; ${probe.fix})`];
}
