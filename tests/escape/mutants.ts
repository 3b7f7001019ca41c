/** Walls with one hole each: the suite is worth something only if some case falls through every one of them. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#platform";
import { bwrapDriver } from "../../server/sandbox/bwrap-driver.ts";
import type { Command, Driver } from "../../server/sandbox/driver.ts";
import { DEFAULT_LIMITS } from "../../server/sandbox/limits.ts";
import { createPipes } from "../../server/sandbox/pipes.ts";
import { runScript, type Walls } from "../../server/sandbox/run-script.ts";
import { createFilter } from "../../server/sandbox/seccomp.ts";
import { chooseUidRange, createUids } from "../../server/sandbox/uids.ts";
import { CASES } from "./cases.ts";
import { isRoot, withArena } from "./modes.ts";

export interface Mutant {
  name: string;
  /** The cases that should fall through, the likeliest first. */
  cases: string[];
  driver: Driver;
  /** The run keeps the server's own uid. */
  keepsRoot?: boolean;
}

const OPTIONS_FD = 5;
const withOptions = (change: (options: string[]) => string[]): Driver => ({
  ...bwrapDriver,
  command(script) {
    const command = bwrapDriver.command(script);
    const options = change((command.feeds.get(OPTIONS_FD) ?? Buffer.alloc(0)).toString().split("\0"));
    return { ...command, feeds: new Map(command.feeds).set(OPTIONS_FD, Buffer.from(options.join("\0"))) };
  },
});

/** Takes away each of these options with the values that follow it. */
const without = (...removed: { option: string; values: number }[]): Driver =>
  withOptions((options) => {
    const kept: string[] = [];
    for (let index = 0; index < options.length; index += 1) {
      const found = removed.find(({ option }) => option === options[index]);
      if (found) index += found.values;
      else kept.push(options[index]!);
    }
    return kept;
  });

const flag = (option: string) => ({ option, values: 0 });
const option = (name: string, values = 1) => ({ option: name, values });

/** Changes the shell that runs before the script. */
const withInner = (change: (shell: string) => string): Driver => ({
  ...bwrapDriver,
  command(script): Command {
    const command = bwrapDriver.command(script);
    return { ...command, argv: command.argv.map((word) => (word.includes("ulimit") ? change(word) : word)) };
  },
});

const FILTER = option("--add-seccomp-fd");
const USERNS = [flag("--disable-userns"), flag("--assert-userns-disabled")];

export const MUTANTS: Mutant[] = [
  { name: "no --unshare-net", driver: without(flag("--unshare-net")), cases: ["tcp", "udp-and-names", "listening"] },
  { name: "no --unshare-pid", driver: without(flag("--unshare-pid")), cases: ["snooping", "signals"] },
  { name: "no --unshare-ipc", driver: without(flag("--unshare-ipc")), cases: ["sysv-ipc", "second-run"] },
  {
    name: "no --unshare-uts",
    driver: without(flag("--unshare-uts"), option("--hostname")),
    cases: ["time-and-names"],
  },
  { name: "no --new-session", driver: without(flag("--new-session")), cases: ["terminal"] },
  { name: "tmpfs without sizes", driver: without(option("--size")), cases: ["memory-files"] },
  { name: "no --remount-ro", driver: without(option("--remount-ro")), cases: ["write-outside", "programs"] },
  { name: "no limits", driver: withInner((shell) => shell.replace(/^ulimit.*$/gm, "")), cases: ["limits-hold"] },
  {
    name: "no limit of processes",
    driver: withInner((shell) => shell.replace(/ulimit -u \d+/, "true")),
    cases: ["limits-hold", "forks"],
  },
  { name: "no filter", driver: without(FILTER), cases: ["socket-families", "ptrace", "dangerous-calls", "keyring"] },
  { name: "no filter, nested users", driver: without(FILTER, ...USERNS), cases: ["user-namespaces", "mounts"] },
  {
    name: "descriptors stay open",
    driver: withInner((shell) => shell.replace(/^for regent_fd in[\s\S]*?^done$/m, "exec 9< /proc/self/exe")),
    cases: ["descriptors"],
  },
  {
    name: "inputs can be written",
    driver: withOptions((options) =>
      options.map((each, index) =>
        options[index + 2]?.includes("/inputs/") ? each.replace("--ro-bind", "--bind") : each,
      ),
    ),
    cases: ["read-only-inputs"],
  },
  {
    name: "kernel files without masks",
    driver: withOptions((options) => options.filter((_, index) => !isMask(options, index))),
    cases: ["host-facts", "keyring"],
  },
  {
    name: "environment read before the limits",
    driver: {
      ...bwrapDriver,
      command(script) {
        const command = bwrapDriver.command(script);
        const options = (command.feeds.get(OPTIONS_FD) ?? Buffer.alloc(0)).toString().split("\0");
        const set = Object.entries(script.env).flatMap(([name, value]) => ["--setenv", name, value]);
        const argv = command.argv.filter((word) => word !== "-p");
        return {
          ...command,
          argv,
          feeds: new Map(command.feeds).set(OPTIONS_FD, Buffer.from([...options, ...set].join("\0"))),
        };
      },
    },
    cases: ["environment-tricks"],
  },
  { name: "the kernel's uid 0 stays", driver: bwrapDriver, keepsRoot: true, cases: ["real-user", "kernel-settings"] },
];

const isMask = (options: string[], index: number): boolean =>
  [0, 1, 2].some((back) => options[index - back] === "--ro-bind" && options[index - back + 1] === "/dev/null");

/** The first case that fell through, or undefined when the mutant survived. */
export async function killerOf(mutant: Mutant): Promise<string | undefined> {
  const place = mkdtempSync(join(tmpdir(), "regent-mutant-"));
  chmodSync(place, 0o755);
  const range = chooseUidRange();
  const walls: Walls = {
    clock: systemClock,
    directory: place,
    driver: mutant.driver,
    version: "mutant",
    filter: createFilter(process.arch, true),
    node: process.execPath,
    limits: DEFAULT_LIMITS,
    uids: isRoot && range && !mutant.keepsRoot ? createUids(range) : undefined,
    groups: undefined,
    pipes: createPipes(place),
  };
  try {
    for (const name of mutant.cases) {
      const cases = CASES.filter((each) => each.name === name);
      const [verdict] = await withArena(cases, place, (spec, control) => runScript(walls, spec, control));
      // Counting the host's sockets as the script's is also a way to notice that it is in the host's network.
      if (verdict?.verdict === "escaped" || verdict?.outcome === "socket-limit") return name;
    }
    return undefined;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
