import type { Driver, Job } from "./driver.ts";
import { ENVIRONMENT_FD, ETC_FILES, environmentOf, HOST_ETC, innerCommand, MASKED, SYSTEM_FOLDERS } from "./inside.ts";
import { MB } from "./limits.ts";

const [FILTER_FD, STATUS_FD, OPTIONS_FD, SCRIPT_FD] = [3, 4, 5, 7];
const ETC_FDS = Object.keys(ETC_FILES).map((name, index) => ({ name, fd: 8 + index }));

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
  command: (job) => ({
    argv: ["/usr/bin/bwrap", "--args", String(OPTIONS_FD), "--", ...innerCommand(job)],
    feeds: new Map([
      [FILTER_FD, job.filter],
      [OPTIONS_FD, Buffer.from(bwrapOptions(job).join("\0"))],
      [ENVIRONMENT_FD, environmentOf(job)],
      [SCRIPT_FD, job.script],
      ...ETC_FDS.map(({ name, fd }): [number, Buffer] => [fd, Buffer.from(ETC_FILES[name] ?? "")]),
    ]),
    statusFd: STATUS_FD,
  }),
};

export const bwrapOptions = (job: Job): string[] => [
  ...["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
  ...["--disable-userns", "--assert-userns-disabled", "--uid", "65534", "--gid", "65534", "--hostname", "sandbox"],
  ...["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"],
  ...["--json-status-fd", String(STATUS_FD), "--add-seccomp-fd", String(FILTER_FD)],
  ...["--ro-bind", "/usr", "/usr"],
  ...SYSTEM_FOLDERS.flatMap(({ path, link }) => (link ? ["--symlink", link, path] : ["--ro-bind", path, path])),
  ...HOST_ETC.flatMap((path) => ["--ro-bind-try", path, path]),
  ...ETC_FDS.flatMap(({ name, fd }) => ["--perms", "0444", "--ro-bind-data", String(fd), `/etc/${name}`]),
  ...["--proc", "/proc", ...MASKED.flatMap((path) => ["--ro-bind", "/dev/null", path])],
  ...["--dev", "/dev", ...scratch("/dev/shm", "1777", job.limits.tmpMb)],
  ...[...scratch("/tmp", "1777", job.limits.tmpMb), ...scratch("/home", "0755", job.limits.tmpMb)],
  ...["--ro-bind", job.node, "/opt/regent/bin/node"],
  ...["--perms", "0555", "--ro-bind-data", String(SCRIPT_FD), job.scriptPath],
  ...["--bind", job.directory, "/work", ...inputs(job)],
  ...["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"],
];

// Unsized, a tmpfs takes half of the machine's memory.
const scratch = (path: string, mode: string, sizeMb: number): string[] => [
  ...["--perms", mode, "--size", String(sizeMb * MB), "--tmpfs", path],
];

/** An own tmpfs below the inputs, so that no mount point is ever made in the working directory itself. */
const inputs = (job: Job): string[] =>
  job.inputs.length === 0
    ? []
    : [
        ...["--perms", "0755", "--size", String(MB), "--tmpfs", "/work/inputs"],
        ...job.inputs.flatMap(({ name, source }) => ["--ro-bind", source, `/work/inputs/${name}`]),
        ...["--remount-ro", "/work/inputs"],
      ];
