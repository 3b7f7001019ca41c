/** Which program reads the script, and what has to be installed for it. */
import { existsSync } from "node:fs";
import { fail } from "@regent/contract";
import { invalidSpec } from "./check-spec.ts";

interface Runtime {
  extension: string;
  package: string;
  /** The first that exists. `undefined`: ours, always there. */
  programs: string[] | undefined;
  command: (program: string, script: string) => string[];
  /** Variables that let it import from the folder it works in, given that folder. */
  env?: (folder: string) => Record<string, string>;
}

const RUNTIMES: Record<string, Runtime> = {
  bash: { extension: "sh", package: "bash", programs: ["/bin/bash"], command: (bash, script) => [bash, script] },
  node: {
    extension: "js",
    package: "node",
    programs: undefined,
    command: (_, script) => ["/opt/regent/bin/node", "--import", "/opt/regent/import-from-here.mjs", script],
  },
  python: {
    extension: "py",
    package: "python3",
    programs: ["/usr/local/bin/python3", "/usr/bin/python3"],
    command: (python, script) => [python, script],
    env: (folder) => ({ PYTHONPATH: folder }),
  },
  go: {
    extension: "go",
    package: "golang-go",
    programs: ["/usr/local/go/bin/go", "/usr/bin/go", "/usr/lib/go/bin/go"],
    command: (go, script) => [go, "run", script],
  },
};

export interface ChosenRuntime {
  /** Where the script lies inside. */
  path: string;
  command: string[];
  env: Record<string, string>;
}

/** @throws runtime_missing  it is not installed, or nobody knows it */
export function chooseRuntime(script: string, runtime: string | undefined, folder: string): ChosenRuntime {
  if (script.startsWith("#!")) {
    checkInterpreter(script.slice(2).split("\n", 1)[0]!);
    return { path: "/opt/regent/script", command: ["/opt/regent/script"], env: {} };
  }
  const name = runtime ?? "bash";
  if (!Object.hasOwn(RUNTIMES, name)) {
    throw fail("runtime_missing", { runtime: name, fix: `known are ${Object.keys(RUNTIMES).join(", ")}` });
  }
  const chosen = RUNTIMES[name]!;
  const program = chosen.programs ? chosen.programs.find((path) => existsSync(path)) : "node";
  if (!program) throw fail("runtime_missing", { runtime: name, fix: `install the package ${chosen.package}` });
  const path = `/opt/regent/script.${chosen.extension}`;
  return { path, command: chosen.command(program, path), env: chosen.env?.(folder) ?? {} };
}

/** Programs outside /usr are not there for a script; what lies in its own folder is its own business. */
function checkInterpreter(line: string): void {
  const reason = "the first line ends with a carriage return, which becomes part of the interpreter's name";
  if (line.endsWith("\r")) throw invalidSpec("/script", reason);
  const words = line.trim().split(/\s+/);
  const program = /\/env$/.test(words[0] ?? "") ? (words.slice(1).find((word) => !/^-|=/.test(word)) ?? "") : words[0]!;
  const name = program.split("/").at(-1)!;
  if (program.startsWith("/workspace/") || program === "/opt/regent/bin/node" || program === "node") return;
  const places = program.startsWith("/") ? [program] : SEARCHED.map((folder) => `${folder}/${program}`);
  if (places.some((path) => INSIDE.test(path) && existsSync(path))) return;
  const known = Object.entries(PACKAGES).find(([prefix]) => name.startsWith(prefix))?.[1];
  throw fail("runtime_missing", {
    runtime: name || line,
    fix: `install ${known ? `the package ${known}` : `${name} below /usr`}`,
  });
}

const SEARCHED = ["/usr/local/bin", "/usr/bin", "/bin"];
const INSIDE = /^\/(usr|bin|sbin|lib|lib32|lib64)\//;
const PACKAGES = {
  python: "python3",
  perl: "perl",
  ruby: "ruby",
  php: "php-cli",
  lua: "lua5.4",
  Rscript: "r-base-core",
  zsh: "zsh",
  fish: "fish",
  tclsh: "tcl",
  awk: "gawk",
};
