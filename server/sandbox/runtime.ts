/** Which program reads the script, and what has to be installed for it. */
import { existsSync } from "node:fs";
import { fail } from "@regent/contract";

interface Runtime {
  extension: string;
  package: string;
  /** The first that exists. `undefined`: ours, always there. */
  programs: string[] | undefined;
  command: (program: string, script: string) => string[];
}

const RUNTIMES: Record<string, Runtime> = {
  bash: { extension: "sh", package: "bash", programs: ["/bin/bash"], command: (bash, script) => [bash, script] },
  node: {
    extension: "js",
    package: "node",
    programs: undefined,
    command: (_, script) => ["/opt/regent/bin/node", script],
  },
  python: {
    extension: "py",
    package: "python3",
    programs: ["/usr/local/bin/python3", "/usr/bin/python3"],
    command: (python, script) => [python, script],
  },
  go: {
    extension: "go",
    package: "golang-go",
    programs: ["/usr/local/go/bin/go", "/usr/bin/go", "/usr/lib/go/bin/go"],
    command: (go, script) => [go, "run", script],
  },
};

/** @throws runtime_missing  it is not installed, or nobody knows it */
export function chooseRuntime(script: string, runtime: string | undefined): { path: string; command: string[] } {
  if (script.startsWith("#!")) return { path: "/opt/regent/script", command: ["/opt/regent/script"] };
  const name = runtime ?? "bash";
  if (!Object.hasOwn(RUNTIMES, name)) {
    throw fail("runtime_missing", { runtime: name, fix: `known are ${Object.keys(RUNTIMES).join(", ")}` });
  }
  const chosen = RUNTIMES[name]!;
  const program = chosen.programs ? chosen.programs.find((path) => existsSync(path)) : "node";
  if (!program) throw fail("runtime_missing", { runtime: name, fix: `install the package ${chosen.package}` });
  const path = `/opt/regent/script.${chosen.extension}`;
  return { path, command: chosen.command(program, path) };
}
