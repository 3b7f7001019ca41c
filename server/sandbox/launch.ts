/**
 * How a run leaves the server's own rights behind, in this order: it joins its control groups, gets a view of files
 * that its user could not reach, and becomes that user. Only then does the driver's program start.
 */
import { statSync } from "node:fs";
import { dirname } from "node:path";

export interface Launch {
  argv: string[];
  /** Given to spawn, where no other step is needed before the change of user. */
  uid?: number;
}

export function launch(argv: string[], as: { uid?: number; joins: string[]; binds: Binds | undefined }): Launch {
  if (as.joins.length === 0 && !as.binds) return as.uid === undefined ? { argv } : { argv, uid: as.uid };
  const join = ["/bin/sh", "-c", JOIN, "sh", ...as.joins, "--"];
  const bind = as.binds
    ? [
        ...["/usr/bin/unshare", "--mount", "--propagation", "private"],
        ...["/bin/sh", "-c", BIND, "sh", as.binds.base, ...as.binds.sources, "--"],
      ]
    : [];
  const drop =
    as.uid === undefined
      ? []
      : [
          ...["/usr/bin/setpriv", "--reuid", String(as.uid), "--regid", String(as.uid), "--clear-groups"],
          ...["--no-new-privs", "--bounding-set=-all", "--"],
        ];
  return { argv: [...join, ...bind, ...drop, ...argv] };
}

/** Paths below a folder that only root can enter, shown again at a place that everybody can reach. */
export interface Binds {
  base: string;
  sources: string[];
}

/**
 * Where each path can be found by a user who owns nothing. A private mount namespace shows the unreachable ones below
 * `base`: a descriptor would not do, because bubblewrap resolves its path again.
 */
export function reach(paths: string[]): { binds: Binds | undefined; at: (path: string) => string } {
  const sources = [...new Set(paths.filter((path) => !isReachable(path)))];
  if (sources.length === 0) return { binds: undefined, at: (path) => path };
  const base = NEUTRAL.find((place) => isReachable(`${place}/x`) && paths.every((path) => !path.startsWith(place)));
  if (!base) throw new Error(`no neutral place to show ${sources.join(", ")}`);
  return {
    binds: { base, sources },
    at: (path) => (sources.includes(path) ? `${base}/${sources.indexOf(path)}` : path),
  };
}

const NEUTRAL = ["/mnt", "/media", "/srv", "/opt", "/var/tmp", "/tmp"];

function isReachable(path: string): boolean {
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder)) {
    const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & 0o001) === 0) return false;
  }
  return true;
}

const JOIN = `
set -e
while [ "$1" != -- ]; do echo 0 > "$1"; shift; done
shift
exec "$@"`;

const BIND = `
set -e
base=$1; shift; n=0
mount -t tmpfs -o mode=0755,size=64k regent "$base"
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir "$base/$n"; else : > "$base/$n"; fi
  mount --bind "$1" "$base/$n"
  n=$((n + 1)); shift
done
shift
exec "$@"`;
