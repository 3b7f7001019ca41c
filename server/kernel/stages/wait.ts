import { eventScope, fail, type Json, type JsonObject, type WaitStage } from "@regent/contract";
import { type Attempt, createJob } from "../job.ts";
import type { Job, Performed } from "../performer.ts";
import { spell } from "../stage.ts";

/** A duration, a moment, or an event. */
export async function runWait(stage: WaitStage, attempt: Attempt): Promise<Performed> {
  const job = createJob(attempt);
  const { wait } = stage;
  if ("event" in wait) return { output: await waitForEvent(wait.event, wait.where, job, attempt) };
  const ms = "for" in wait ? durationMs(job.render(wait.for)) : untilMs(job.render(wait.until), await job.now());
  if (ms > 0)
    await job.receive(`timer:${attempt.path}#${attempt.number}`, { timeoutMs: ms, why: `timer of ${spell(ms)}` });
  return { output: null };
}

/** Subscribes first and looks back after: an event in between is seen twice and counted once. */
async function waitForEvent(type: string, where: string | undefined, job: Job, attempt: Attempt): Promise<Json> {
  const { run } = attempt.frame;
  const { events, expressions } = run.deps;
  const topic = `event:${attempt.path}#${attempt.number}`;
  const fits = (event: JsonObject): boolean =>
    where === undefined || expressions.evaluate(where, { ...attempt.scope(), event }) === true;

  const early = await job.step("event", `look back for ${type}`, async () => {
    await events.subscribe(run.id, topic, type);
    for (let after: string | undefined; ; ) {
      const page = await events.past(type, run.input.queuedAt, after);
      const match = page.find((event) => event.id !== run.input.event?.id && fits(eventScope(event)));
      if (match !== undefined) return { value: eventScope(match) };
      if (page.length === 0) return { value: null };
      after = page.at(-1)!.id;
    }
  });
  if (early !== null) return early;
  for (;;) {
    const event = await job.receive<JsonObject>(topic, { why: `event ${type}` });
    if (event !== null && fits(event)) return event;
  }
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms 2s 30m 24h 7d`, or a number of milliseconds. */
function durationMs(value: Json): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  const match = typeof value === "string" ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value.trim()) : null;
  if (match === null) throw fail("expression_failed", { reason: `${JSON.stringify(value)} is no duration like 30m` });
  return Number(match[1]) * UNITS[match[2]!]!;
}

function untilMs(value: Json, now: number): number {
  const at = typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at))
    throw fail("expression_failed", { reason: `${JSON.stringify(value)} is no moment like 2026-12-24T08:00:00Z` });
  return at - now;
}
