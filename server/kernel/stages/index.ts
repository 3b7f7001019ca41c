import type { Stage, StageType } from "@regent/contract";
import type { Attempt } from "../job.ts";
import type { Performed } from "../performer.ts";
import { runEmit } from "./emit.ts";
import { runForEach } from "./for-each.ts";
import { runParallel } from "./parallel.ts";
import { runSubDaemon } from "./sub-daemon.ts";
import { runWait } from "./wait.ts";

type Composite<Type extends StageType> = (
  stage: Extract<Stage, { type: Type }>,
  attempt: Attempt,
  order: number[],
) => Promise<Performed>;

/** The stage types that the kernel does by itself; every other type has a performer of another context. */
export const composites: { [Type in StageType]?: Composite<Type> } = {
  parallel: runParallel,
  "for-each": runForEach,
  daemon: runSubDaemon,
  wait: runWait,
  emit: runEmit,
};
