/**
 * How a run leaves the server's own rights behind, in this order: it joins its control groups, gets a view of folders
 * that its user could not reach, and becomes that user. Only then does the driver's program start.
 */
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export interface Launch {
  argv: string[];
  /** Given to spawn, where no other step is needed before the change of user. */
  uid?: number;
}

export function launch(argv: string[], as: { uid?: number; joins: string[]; binds: Bind[] }): Launch {
  if (as.joins.length + as.binds.length === 0) return as.uid === undefined ? { argv } : { argv, uid: as.uid };
  const apart = as.binds.length > 0 ? ["/usr/bin/unshare", "--mount", "--propagation", "private"] : [];
  const binds = as.binds.flatMap(({ folder, place }) => [folder, place]);
  const drop =
    as.uid === undefined
      ? []
      : [
          ...["/usr/bin/setpriv", "--reuid", String(as.uid), "--regid", String(as.uid), "--clear-groups"],
          ...["--no-new-privs", "--bounding-set=-all", "--"],
        ];
  return { argv: [...apart, "/bin/sh", "-c", PREPARE, "sh", ...as.joins, "--", ...binds, "--", ...drop, ...argv] };
}

const PREPARE = `
set -e
while [ "$1" != -- ]; do echo 0 > "$1"; shift; done; shift
while [ "$1" != -- ]; do
  if [ "$1" = tmpfs ]; then mount -t tmpfs -o mode=0755,size=64k regent "$2"
  elif [ -d "$1" ]; then [ -d "$2" ] || mkdir "$2"; mount --bind "$1" "$2"
  else : > "$2"; mount --bind "$1" "$2"; fi
  shift 2
done; shift
exec "$@"`;

/** A folder shown a second time at a place that everybody can reach; `tmpfs` makes room for more places. */
export interface Bind {
  folder: string;
  place: string;
}

/**
 * Where each path can be found by a user who owns nothing. A private mount namespace shows what lies below a folder
 * that only root can enter: a descriptor would not do, because bubblewrap resolves its path again.
 */
export function reach(paths: string[]): { binds: Bind[]; at: (path: string) => string } {
  const hidden = new Map(paths.filter((path) => !isReachable(path)).map((path) => [path, folderOf(path)]));
  const folders = [...new Set(hidden.values())];
  const free = freePlaces(paths);
  if (folders.length > 0 && free.length === 0) throw new Error(`no neutral place to show ${folders.join(", ")}`);
  const isTight = folders.length > free.length || folders.some((folder) => !statSync(folder).isDirectory());
  const places = folders.map((_, index) => (isTight ? `${free[0]}/${index}` : free[index]!));
  const binds = folders.map((folder, index) => ({ folder, place: places[index]! }));
  if (isTight) binds.unshift({ folder: "tmpfs", place: free[0]! });
  const at = (path: string) => {
    const folder = hidden.get(path);
    if (folder === undefined) return path;
    const place = places[folders.indexOf(folder)]!;
    return folder === path ? place : join(place, basename(path));
  };
  return { binds, at };
}

/** Folders that every system has and that hold none of the paths: in a private namespace they may be covered. */
export const freePlaces = (paths: string[]): string[] =>
  NEUTRAL.filter((place) => isReachable(join(place, "x")) && paths.every((path) => !isBelow(path, place)));

const NEUTRAL = ["/mnt", "/media", "/srv", "/opt", "/var/tmp", "/tmp", "/home", "/boot"];

/** Of a file its folder, if that lets everybody through: it can be shown at a place that exists, the file cannot. */
const folderOf = (path: string): string =>
  statSync(path).isDirectory() || (statSync(dirname(path)).mode & 0o001) === 0 ? path : dirname(path);
const isBelow = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

function isReachable(path: string): boolean {
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder)) {
    const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0;
    if ((mode & 0o001) === 0) return false;
  }
  return true;
}
