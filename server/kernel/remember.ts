import type { Json, Stage } from "@regent/contract";
import { type Digest, digestOf } from "#platform";
import { type Attempt, createJob } from "./job.ts";
import type { Performed } from "./performer.ts";

/**
 * A stage with `cache` takes over an earlier result of the same work: the same declaration with the same key (or, without
 * a key, the same input, the same rendered arguments and the same files). What was found is recorded, so a replay agrees.
 */
export async function remembered(stage: Stage, attempt: Attempt, work: () => Promise<Performed>): Promise<Performed> {
  const { cache } = attempt.frame.run.deps;
  const job = createJob(attempt);
  const key = cacheKey(stage, attempt, job.input, job.render(stage.cache?.key ?? null));
  const found = await job.step("cache", "find", async () => {
    const hit = await cache.find(key);
    return {
      value: hit === undefined ? null : { output: hit.output, tree: hit.tree },
      detail: { hit: hit !== undefined },
    };
  });
  if (found !== null)
    return found.tree === null ? { output: found.output } : { output: found.output, tree: found.tree as Digest };
  const performed = await work();
  await job.step("cache", "keep", async () => {
    await cache.keep(key, { output: performed.output, tree: performed.tree ?? null }, stage.cache!.forMs);
    return { value: null };
  });
  return performed;
}

function cacheKey(stage: Stage, attempt: Attempt, input: Json, key: Json): Digest {
  const { place: _place, missing: _missing, cache: _cache, ...declared } = stage as Stage & Record<string, unknown>;
  const keyed = stage.cache?.key !== undefined;
  return digestOf({
    daemon: attempt.frame.run.daemon.id,
    declared: declared as unknown as Json,
    key: keyed ? key : { input, scope: readable(stage, attempt), tree: attempt.tree },
  });
}

/** Without a key everything that the stage could read counts: a wrong hit is worse than a miss. */
function readable(_stage: Stage, attempt: Attempt): Json {
  const { run: _run, ...scope } = attempt.scope() as Record<string, Json>;
  return scope;
}
