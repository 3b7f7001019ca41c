import type { Stage } from "@regent/contract";
import type { Definitions } from "./frame.ts";
import type { Pinned } from "./kernel.ts";
import type { Performers } from "./performer.ts";
import { composites } from "./stages/index.ts";

/** What a daemon and its sub-daemons would need and do not find here, in words. Empty: it can start. */
export async function missingParts(
  pinned: Pinned,
  performers: Performers,
  definitions: Definitions,
): Promise<string[]> {
  const missing: string[] = [];
  const look = (daemon: string, stages: Stage[]): void => {
    for (const stage of stages) {
      const words = [...(stage.missing ?? []), ...lacking(stage, performers)];
      for (const word of words)
        missing.push(`stage ${stage.name}${daemon === pinned.daemon.id ? "" : ` of ${daemon}`}: ${word}`);
      if (stage.type === "for-each") look(daemon, stage.stages);
      if (stage.type === "parallel") for (const branch of stage.branches) look(daemon, branch.stages);
    }
  };
  look(pinned.daemon.id, pinned.daemon.stages);
  for (const [name, digest] of Object.entries(pinned.pins)) {
    if (!name.startsWith("daemon/") || digest === pinned.digest) continue;
    const child = await definitions.daemon(digest);
    look(child.id, child.stages);
  }
  return [...new Set(missing)];
}

function lacking(stage: Stage, performers: Performers): string[] {
  if (composites[stage.type] !== undefined) return [];
  const performer = performers[stage.type];
  if (performer === undefined) return [`stages of type ${stage.type} cannot run yet`];
  return performer.missing?.(stage as never) ?? [];
}
