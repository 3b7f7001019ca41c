/**
 * Fires due schedules. Any number of workers does this at once without a lock: a run's id is made of its schedule and
 * its moment, so it starts once whoever starts it, and only then the schedule moves on, if nobody moved it before. A
 * crash in between is repeated by the next worker and starts nothing twice.
 */
import { companyTriggers, type Schedule } from "./company-triggers.ts";
import { derivedRunId } from "./derived-run-id.ts";
import { CATCH_UP_MAX, dueTicks } from "./due-ticks.ts";
import { type Problem, startOrProblem } from "./start-run.ts";
import {
  advanceSchedule,
  deleteSchedulesExcept,
  insertProblem,
  insertSchedule,
  type StoredSchedule,
  selectDueSchedules,
  selectSchedules,
} from "./store.ts";
import { nextTick } from "./ticks.ts";
import type { TriggersDeps } from "./triggers.ts";

/** Runs that one call starts for one schedule; the rest is due at the next call. */
const STARTS_MAX = 50;
/** Done further ahead than this: the clock was wrong and went back. It is believed; ids keep ticks from firing twice. */
const BACKWARDS_MS = 60_000;

export function createScheduler(deps: TriggersDeps): (now: number) => Promise<number> {
  let synced: Map<string, Schedule> | undefined;
  return async (now) => {
    const { schedules } = companyTriggers(deps, deps.companies.current());
    if (synced !== schedules) await syncSchedules(deps, schedules, now);
    synced = schedules;
    let fired = 0;
    const errors: unknown[] = [];
    for (const stored of await selectDueSchedules(deps.db, new Date(now), new Date(now + BACKWARDS_MS))) {
      const schedule = schedules.get(stored.id);
      if (!schedule) continue;
      // One that cannot be started now (a full disk, a defect) stays due and keeps no other back.
      await fire(deps, schedule, stored, now).then(
        (count) => (fired += count),
        (error) => errors.push(error),
      );
    }
    if (errors.length > 0) throw errors[0];
    return fired;
  };
}

/** Once for each version of the company: a new schedule begins now, a removed or changed one is forgotten. */
async function syncSchedules(deps: TriggersDeps, schedules: Map<string, Schedule>, now: number): Promise<void> {
  const stored = new Set((await selectSchedules(deps.db)).map((schedule) => schedule.id));
  for (const { id, daemon, cron, timezone } of schedules.values()) {
    if (!stored.has(id)) await insertSchedule(deps.db, { id, daemon, cron, timezone, ...doneAt(cron, timezone, now) });
  }
  await deleteSchedulesExcept(deps.db, [...schedules.keys()]);
}

async function fire(deps: TriggersDeps, schedule: Schedule, stored: StoredSchedule, now: number): Promise<number> {
  const { id, cron, timezone } = schedule;
  const from = stored.done_until;
  const { ticks, dropped } = dueTicks(schedule, from.getTime(), now);
  const firing = ticks.slice(0, STARTS_MAX);
  const problems: [tick: number, problem: Problem][] = [];
  for (const tick of firing) {
    const problem = await startTick(deps, schedule, tick);
    if (problem) problems.push([tick, problem]);
  }
  const fired = firing.length - problems.length;
  if (dropped) problems.push([ticks[0]!, DROPPED]);
  const doneUntil = firing.length < ticks.length ? firing.at(-1)! : now;
  const first = await advanceSchedule(deps.db, id, { from, ...doneAt(cron, timezone, doneUntil) });
  if (!first) return 0;
  for (const [tick, problem] of problems) await recordProblem(deps, schedule, tick, problem);
  return fired;
}

const DROPPED: Problem = {
  code: "ticks_dropped",
  message: `Only the newest ${CATCH_UP_MAX} missed moments are made up for; this is the first of them.`,
};

const doneAt = (cron: string, timezone: string, doneUntil: number) => {
  const next = nextTick(cron, timezone, doneUntil);
  return { doneUntil: new Date(doneUntil), nextAt: next === null ? null : new Date(next) };
};

const startTick = (deps: TriggersDeps, schedule: Schedule, tick: number): Promise<Problem | undefined> =>
  startOrProblem(deps, {
    run: derivedRunId(tick, "schedule", schedule.id, String(tick)),
    daemon: schedule.daemon,
    inputs: schedule.inputs,
    trigger: { kind: "cron", name: schedule.name ?? schedule.cron },
    event: { type: "schedule", at: new Date(tick).toISOString(), cron: schedule.cron, timezone: schedule.timezone },
  });

async function recordProblem(deps: TriggersDeps, { daemon }: Schedule, tick: number, problem: Problem): Promise<void> {
  await insertProblem(deps.db, {
    at: new Date(deps.clock.now()),
    daemon,
    event: null,
    tick: new Date(tick),
    ...problem,
  });
  deps.log.warn({ daemon, tick: new Date(tick).toISOString(), code: problem.code }, problem.message);
}
