import { eventScope, type JsonObject, RegentError } from "@regent/contract";
import { companyTriggers, type EventTrigger } from "./company-triggers.ts";
import { derivedRunId } from "./derived-run-id.ts";
import { toEvent } from "./list-events.ts";
import { type Problem, startOrProblem, toProblem } from "./start-run.ts";
import {
  countAttempt,
  deleteStart,
  deleteSubscriptions,
  insertProblem,
  insertStart,
  markTold,
  type StoredEvent,
  selectSubscriptions,
} from "./store.ts";
import type { TriggersDeps } from "./triggers.ts";

/** Event → run → event → run …: further than this nothing is started, so that a circle ends. */
const HOPS_MAX = 16;
/** What is nobody's refusal (a lost database, a bug) is tried again, as often as this. */
const ATTEMPTS_MAX = 10;

/** Wakes who waits for this event and starts what starts with it. What can never work is kept as a problem. */
export async function tellEvent(deps: TriggersDeps, event: StoredEvent): Promise<void> {
  try {
    await wakeRuns(deps, event);
    const problems = await startDaemons(deps, event);
    if (!(await markTold(deps.db, event.id))) return;
    for (const { daemon, problem } of problems) await recordProblem(deps, event, daemon, problem);
  } catch (error) {
    // A lost database cannot count either; the event stays pending and its claim runs out.
    await giveUpOrRetry(deps, event, error as Error).catch(() => {});
  }
}

async function wakeRuns(deps: TriggersDeps, event: StoredEvent): Promise<void> {
  const message = eventScope(toEvent(event));
  for (const { run, topic } of await selectSubscriptions(deps.db, event.type)) {
    try {
      // A run takes a key once, and it may wait for one event in two places.
      await deps.runs.send(run, topic, message, `${event.id}:${topic}`);
    } catch (error) {
      const gone = error instanceof RegentError && (error.code === "not_found" || error.code === "run_has_ended");
      if (!gone) throw error;
      await deleteSubscriptions(deps.db, run);
    }
  }
}

async function startDaemons(deps: TriggersDeps, event: StoredEvent): Promise<{ daemon: string; problem: Problem }[]> {
  const triggers = companyTriggers(deps, deps.companies.current()).byEvent.get(event.type) ?? [];
  const scope = eventScope(toEvent(event));
  const problems: { daemon: string; problem: Problem }[] = [];
  const started = new Set<string>();
  for (const trigger of triggers) {
    const { daemon } = trigger;
    if (started.has(daemon)) continue;
    const wanted = isWanted(deps, trigger, scope);
    if (wanted === false) continue;
    const problem = wanted === true ? await startDaemon(deps, event, trigger, scope) : wanted;
    if (problem) problems.push({ daemon, problem });
    else started.add(daemon);
  }
  return problems;
}

/** A problem: the condition cannot be decided, for example because the event lacks the field. */
function isWanted(deps: TriggersDeps, trigger: EventTrigger, scope: JsonObject): boolean | Problem {
  if (trigger.where === undefined) return true;
  try {
    return deps.expressions.evaluate(trigger.where, { event: scope }) === true;
  } catch (error) {
    if (error instanceof RegentError) return toProblem(error);
    throw error;
  }
}

async function startDaemon(
  deps: TriggersDeps,
  event: StoredEvent,
  trigger: EventTrigger,
  scope: JsonObject,
): Promise<Problem | undefined> {
  if (event.hops >= HOPS_MAX) {
    return { code: "too_many_hops", message: `Events and runs have started each other ${HOPS_MAX} times in a row.` };
  }
  const { daemon } = trigger;
  const run = derivedRunId(event.at.getTime(), "event", event.id, daemon);
  // Before the start: what the run emits at once must already know where it comes from.
  await insertStart(deps.db, { event: event.id, daemon, run });
  const problem = await startOrProblem(deps, {
    run,
    daemon,
    inputs: trigger.inputs,
    trigger: { kind: "event", name: trigger.name ?? event.type, by: event.id },
    event: scope,
  });
  if (problem) await deleteStart(deps.db, { event: event.id, daemon });
  return problem;
}

async function giveUpOrRetry(deps: TriggersDeps, event: StoredEvent, error: Error): Promise<void> {
  deps.log.error({ event: event.id, reason: error.message }, "an event could not be told; it is tried again");
  if ((await countAttempt(deps.db, event.id)) < ATTEMPTS_MAX) return;
  if (!(await markTold(deps.db, event.id))) return;
  await recordProblem(deps, event, "", { code: "internal", message: error.message.slice(0, 4_000) });
}

async function recordProblem(deps: TriggersDeps, event: StoredEvent, daemon: string, problem: Problem): Promise<void> {
  await insertProblem(deps.db, { at: new Date(deps.clock.now()), daemon, event: event.id, tick: null, ...problem });
  deps.log.warn({ daemon, event: event.id, code: problem.code }, problem.message);
}
