import type { Driver, WalledScript } from "./driver.ts";
import {
  ENVIRONMENT_FD,
  environmentOf,
  HOST_ETC,
  innerCommand,
  MASKED,
  SMALL_FILES,
  SYSTEM_FOLDERS,
  startFolder,
} from "./inside.ts";
import { MB } from "./limits.ts";

const [FILTER_FD, STATUS_FD, OPTIONS_FD, SCRIPT_FD] = [3, 4, 5, 7];
const FILES = Object.entries(SMALL_FILES).map(([path, text], index) => ({
  path,
  fd: 8 + index,
  bytes: Buffer.from(text),
}));

/**
 * bubblewrap: namespaces for users, processes, network, IPC, names and control groups, a root of read-only binds and
 * sized tmpfs, and our filter. It must never be started by uid 0: the run would keep the kernel's uid 0.
 * Options travel on a descriptor, so that nothing of a run can be read from the host's process list.
 */
export const bwrapDriver: Driver = {
  id: "bwrap",
  isolation: "process",
  programs: [
    { path: "/usr/bin/bwrap", package: "bubblewrap" },
    { path: "/bin/bash", package: "bash" },
  ],
  command: (script) => ({
    argv: ["/usr/bin/bwrap", "--args", String(OPTIONS_FD), "--", ...innerCommand(script)],
    feeds: new Map([
      [FILTER_FD, script.filter],
      [OPTIONS_FD, Buffer.from(bwrapOptions(script).join("\0"))],
      [ENVIRONMENT_FD, environmentOf(script)],
      [SCRIPT_FD, script.text],
      ...FILES.map(({ fd, bytes }): [number, Buffer] => [fd, bytes]),
    ]),
    statusFd: STATUS_FD,
    answerFd: ENVIRONMENT_FD,
  }),
};

const bwrapOptions = (script: WalledScript): string[] => [
  ...["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
  ...["--disable-userns", "--assert-userns-disabled", "--uid", "65534", "--gid", "65534", "--hostname", "sandbox"],
  ...["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"],
  ...["--json-status-fd", String(STATUS_FD), "--add-seccomp-fd", String(FILTER_FD)],
  ...["--ro-bind", "/usr", "/usr"],
  ...SYSTEM_FOLDERS.flatMap(({ path, link }) => (link ? ["--symlink", link, path] : ["--ro-bind", path, path])),
  ...HOST_ETC.flatMap((path) => ["--ro-bind-try", path, path]),
  ...FILES.flatMap(({ path, fd }) => ["--perms", "0444", "--ro-bind-data", String(fd), path]),
  ...["--proc", "/proc", ...MASKED.flatMap((path) => ["--ro-bind", "/dev/null", path])],
  ...["--dev", "/dev", ...scratch("/dev/shm", "1777", script.limits.tmpMb)],
  ...[...scratch("/tmp", "1777", script.limits.tmpMb), ...scratch("/home", "0755", script.limits.tmpMb)],
  ...["--ro-bind", script.node, "/opt/regent/bin/node"],
  ...["--perms", "0555", "--ro-bind-data", String(SCRIPT_FD), script.scriptPath],
  ...["--bind", script.directory, "/workspace", ...inputs(script)],
  ...["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"],
];

// Unsized, a tmpfs takes half of the machine's memory.
const scratch = (path: string, mode: string, sizeMb: number): string[] => [
  ...["--perms", mode, "--size", String(sizeMb * MB), "--tmpfs", path],
];

/** An own tmpfs below the inputs, so that no mount point is ever made in the working directory itself. */
const inputs = (script: WalledScript): string[] =>
  script.inputs.length === 0
    ? []
    : [
        ...["--perms", "0755", "--size", String(MB), "--tmpfs", `${startFolder(script)}/inputs`],
        ...script.inputs.flatMap(({ name, source }) => ["--ro-bind", source, `${startFolder(script)}/inputs/${name}`]),
        ...["--remount-ro", `${startFolder(script)}/inputs`],
      ];
