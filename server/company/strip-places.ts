import type { Daemon, Json, Stage } from "@regent/contract";

/** A daemon without line numbers: moving it in its file must not make another version of it. */
export function stripPlaces(daemon: Daemon): Json {
  return { ...daemon, stages: daemon.stages.map(stripStage) } as unknown as Json;
}

function stripStage(stage: Stage): Stage {
  const { place: _, ...rest } = stage;
  if (rest.type === "for-each") return { ...rest, stages: rest.stages.map(stripStage) };
  if (rest.type !== "parallel") return rest as Stage;
  return { ...rest, branches: rest.branches.map(({ name, stages }) => ({ name, stages: stages.map(stripStage) })) };
}
