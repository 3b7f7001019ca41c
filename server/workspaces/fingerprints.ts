import type { BigIntStats } from "node:fs";
import type { Digest } from "#platform";

/**
 * What the files of a checked-out directory were, so that the check-in hashes only what changed. A script can set a
 * file's times and size as it likes, but not its `ctime`: any write, rename or touch moves that one.
 */
export interface Fingerprints {
  remember(directory: string, path: string, stats: BigIntStats, digest: Digest): void;
  /** Hands over what is known of a directory, once. */
  take(directory: string): (path: string, stats: BigIntStats) => Digest | undefined;
}

interface Known {
  newest: bigint;
  files: Map<string, { stamp: string; ctimeNs: bigint; digest: Digest }>;
}

const DIRECTORIES = 64;
// A change within one tick of the kernel's clock (10 ms at HZ=100) would leave the same ctime. Files that were made in
// the last moments of a check-out are therefore hashed again.
const TICK_NS = 20_000_000n;

export function fingerprints(): Fingerprints {
  const directories = new Map<string, Known>();
  return {
    remember(directory, path, stats, digest) {
      let known = directories.get(directory);
      if (!known) {
        known = { newest: 0n, files: new Map() };
        directories.set(directory, known);
        if (directories.size > DIRECTORIES) directories.delete(directories.keys().next().value!);
      }
      known.files.set(path, { stamp: stampOf(stats), ctimeNs: stats.ctimeNs, digest });
      if (stats.ctimeNs > known.newest) known.newest = stats.ctimeNs;
    },
    take(directory) {
      const known = directories.get(directory);
      directories.delete(directory);
      return (path, stats) => {
        const file = known?.files.get(path);
        if (!known || !file || file.stamp !== stampOf(stats)) return undefined;
        return file.ctimeNs < known.newest - TICK_NS ? file.digest : undefined;
      };
    },
  };
}

const stampOf = (stats: BigIntStats): string =>
  `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
