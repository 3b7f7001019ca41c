import type { EmitStage, JsonObject } from "@regent/contract";
import { type Attempt, createJob } from "../job.ts";
import type { Performed } from "../performer.ts";

/** Publishes an event. Its id comes from the stage's place in the run, so a repeated step publishes it once. */
export async function runEmit(stage: EmitStage, attempt: Attempt): Promise<Performed> {
  const job = createJob(attempt);
  const { run } = attempt.frame;
  const rendered = job.render(stage.with);
  const data: JsonObject =
    rendered !== null && typeof rendered === "object" && !Array.isArray(rendered) ? rendered : { value: rendered };
  const id = await job.step("event", stage.event, async () => ({
    value: await run.deps.events.emit({
      id: `evt_${run.id.slice(4)}.${attempt.path}`,
      type: stage.event,
      data,
      source: `run ${run.id}`,
    }),
    detail: { type: stage.event },
  }));
  return { output: { id, type: stage.event, ...data } };
}
