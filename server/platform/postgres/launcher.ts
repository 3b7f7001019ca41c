import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Account, canReach } from "./account.ts";
import type { Programs } from "./programs.ts";

/**
 * Starts the server's programs so that they can run: as we are, under an unprivileged account, or, where that account
 * may not enter the folders (a checkout below root's home), in a private mount namespace in which programs and data
 * are bound onto a folder that it can reach. Nobody else sees those mounts, and they end with the process.
 */
export interface Launcher {
  launch(
    program: "postgres" | "initdb",
    folder: string,
    args: (folder: string) => string[],
    stdio: StdioOptions,
  ): ChildProcess;
}

/** @param runtime  a folder of our own that the account owns and can reach */
export async function createLauncher(deps: {
  programs: Programs;
  account: Account | undefined;
  runtime: string;
  /** The folder that holds the data folder. */
  parent: string;
}): Promise<Launcher> {
  const { programs, account, runtime, parent } = deps;
  // An empty environment: no PG… variable of ours may change what the server does. C: its messages are parsed by people only.
  const common = { cwd: "/", env: { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" }, detached: true };
  if (!account)
    return {
      launch: (program, folder, args, stdio) => spawn(join(programs.bin, program), args(folder), { ...common, stdio }),
    };

  const { uid, gid } = account;
  const reachesPrograms = await canReach(account, programs.bin);
  if (reachesPrograms && (await canReach(account, parent))) {
    return {
      launch: (program, folder, args, stdio) =>
        spawn(join(programs.bin, program), args(folder), { ...common, uid, gid, stdio }),
    };
  }

  await requireNamespaces(account, reachesPrograms ? parent : programs.bin);
  const boundData = join(runtime, "data");
  // Installed programs stay where they are if they can: they find their files by the way from there.
  const boundPrograms = reachesPrograms ? programs.root : join(runtime, "programs");
  for (const folder of [boundData, boundPrograms]) await mkdir(folder, { recursive: true });
  return {
    launch: (program, folder, args, stdio) =>
      spawn(
        "unshare",
        // biome-ignore format: one argument list
        ["--mount", "--propagation", "private", "sh", "-c", BIND_AND_RUN, "sh",
         programs.root, boundPrograms, folder, boundData, String(uid), String(gid),
         join(boundPrograms, programs.bin.slice(programs.root.length), program), ...args(boundData)],
        { ...common, env: { ...common.env, PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, stdio },
      ),
  };
}

/** Arguments are data here, never part of the text. `exec` keeps the process id: what we started is the postmaster. */
const BIND_AND_RUN = `set -e
[ "$1" = "$2" ] || mount --bind "$1" "$2"
mount --bind "$3" "$4"
uid=$5 gid=$6
shift 6
exec setpriv --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs --bounding-set=-all -- "$@"`;

/** @throws Error  root without the right to mount (a container): what is closed must be opened instead */
async function requireNamespaces(account: Account, closed: string): Promise<void> {
  const child = spawn("unshare", ["--mount", "--propagation", "private", "setpriv", "--version"], { stdio: "ignore" });
  const works = await new Promise((done) => {
    child.once("error", () => done(false));
    child.once("close", (code) => done(code === 0));
  });
  if (works) return;
  throw new Error(
    `PostgreSQL runs as ${account.name}, who may not enter ${closed}, and this container may not make private mounts. ` +
      "Move it to a folder that everybody may enter, run Regent as another user than root, or set DATABASE_URL.",
  );
}
