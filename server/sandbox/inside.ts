/** What every driver shows inside the walls, and the shell that runs there before the script. */
import { lstatSync, readlinkSync, statSync } from "node:fs";
import type { WalledScript } from "./driver.ts";
import { MB, OPEN_FILES, RUNTIME_RESERVE_MB } from "./limits.ts";
import type { Limits } from "./sandbox.ts";

/** The shell inside says on it that the walls stand, and gets the environment for its answer. */
export const ENVIRONMENT_FD = 6;

/**
 * Small files that lie inside. The last one lets a Node script import from the folder it works in, although the script
 * itself lies elsewhere, where it cannot be changed and does not become part of the workspace.
 */
export const SMALL_FILES: Record<string, string> = {
  "/etc/passwd": "root:x:0:0:root:/home:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/sh\n",
  "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
  "/etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost sandbox\n",
  "/opt/regent/import-from-here.mjs": `
import { createRequire, registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
const script = pathToFileURL(process.argv[1]).href;
const here = pathToFileURL(process.cwd() + "/script.js");
const fromHere = createRequire(here);
registerHooks({
  resolve(specifier, context, next) {
    if (context.parentURL !== script) return next(specifier, context);
    if (context.conditions.includes("require")) return next(fromHere.resolve(specifier), context);
    return next(specifier, { ...context, parentURL: here.href });
  },
});
`,
};

export const HOST_ETC = ["/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl/certs", "/etc/localtime"];

/** Top-level names beside /usr: links into it on most systems, folders of their own on others. */
export const SYSTEM_FOLDERS = ["bin", "lib", "lib32", "lib64", "sbin"].flatMap((name) => {
  const entry = lstatSync(`/${name}`, { throwIfNoEntry: false });
  if (!entry) return [];
  return [{ path: `/${name}`, link: entry.isSymbolicLink() ? readlinkSync(`/${name}`).replace(/^\//, "") : undefined }];
});

/** Files of /proc that tell an unprivileged reader about the host. Those that only root may open need no mask. */
export const MASKED = [
  ...["keys", "key-users", "cmdline", "kallsyms", "timer_list", "interrupts", "iomem", "ioports", "modules"],
  ...["config.gz", "vmallocinfo", "slabinfo", "kcore", "sysrq-trigger"],
]
  .map((name) => `/proc/${name}`)
  .filter((path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o006) !== 0);

/**
 * The environment of the script: a home, a language, a path, and what the stage gives. Its last word lets the script
 * go: a server that dies while the walls are built never says it, and nothing runs.
 */
export const environmentOf = (script: WalledScript): Buffer => {
  const env = {
    PATH: "/opt/regent/bin:/usr/local/bin:/usr/bin:/bin",
    HOME: "/home",
    LANG: "C.UTF-8",
    TMPDIR: "/tmp",
    ...script.env,
  };
  return Buffer.from([...Object.entries(env), ["regent_go", "1"]].map(([name, value]) => `${name}=${value}\0`).join("")); // biome-ignore format: one line
};

export const startFolder = ({ workingDirectory }: WalledScript): string =>
  workingDirectory === "" ? "/workspace" : `/workspace/${workingDirectory}`;

/**
 * Takes the script's environment from its descriptor (so that neither the walls nor this shell ever run with it),
 * closes every other descriptor, sets the limits and becomes the script. `-p` keeps bash from reading functions.
 * RLIMIT_NPROC is set here because the kernel counts it per user namespace.
 */
export const innerCommand = (script: WalledScript): string[] => [
  ...["/bin/bash", "--norc", "--noprofile", "-p", "-c", innerShell(script.limits), "sandbox"],
  ...[startFolder(script), ...script.command],
];

const innerShell = (limits: Limits): string => `
echo ready >&${ENVIRONMENT_FD} || exit 125
while IFS= read -r -d '' regent_pair <&${ENVIRONMENT_FD}; do export "$regent_pair"; done 2>/dev/null
[ "$regent_go" = 1 ] || exit 125
for regent_fd in /proc/self/fd/*; do
  regent_fd=\${regent_fd##*/}
  if [ "$regent_fd" -gt 2 ]; then eval "exec $regent_fd>&-"; fi
done
cd -- "$1" 2>/dev/null || { mkdir -p -- "$1" && cd -- "$1"; } || exit 125
shift
ulimit -c 0; ulimit -n ${OPEN_FILES}; ulimit -f ${(limits.workspaceMb * MB) / 1024}
ulimit -S -t ${limits.cpuSeconds}; ulimit -H -t ${limits.cpuSeconds + 1}
ulimit -l 0; ulimit -q 0; ulimit -i 128
ulimit -d ${(limits.memoryMb + RUNTIME_RESERVE_MB) * 1024}; ulimit -u ${limits.pids}
unset regent_pair regent_fd regent_go
exec "$@"`;
