import type { Event, Json, JsonObject, Page, TriggerProblem, TriggerView } from "@regent/contract";
import type { Company } from "#company";
import type { Expressions } from "#expressions";
import type { Pinned, StartRequest } from "#kernel";
import type { Clock, Database, Ids, Log, Transaction } from "#platform";
import { dispatchPending, emitEvent } from "./emit-event.ts";
import { getEvent, listEvents, pastEvents } from "./list-events.ts";
import { listProblems } from "./list-problems.ts";
import { listTriggers } from "./list-triggers.ts";
import { startLoop } from "./loop.ts";
import { deleteEventsBefore, deleteSubscriptions, insertSubscription } from "./store.ts";
import { createScheduler } from "./tick-schedules.ts";

export type EventRow = Event & { data: JsonObject };

/** Facts that happened. What is recorded is told: to runs that wait, and to daemons that start with it. */
export interface Events {
  /**
   * Records an event; the same id again is the same event and changes nothing. Returns its id. With `tx` it commits
   * with the caller's rows and is told by the next turn of a worker's loop; else it has been told when this returns.
   * A crash in between loses nothing: another worker goes on.
   * @throws invalid_input, payload_too_large
   */
  emit(event: { id?: string; type: string; data: JsonObject; source: string }, tx?: Transaction): Promise<string>;
  /**
   * From now on events of this type are sent to the run's topic. Idempotent. Who subscribes and then reads `past`
   * misses none; one that comes both ways has the same id.
   */
  subscribe(run: string, topic: string, type: string): Promise<void>;
  unsubscribe(run: string): Promise<void>;
  /** Events of the type since the moment given (ms), oldest first, after the id given; at most 500. */
  past(type: string, sinceMs: number, after?: string): Promise<EventRow[]>;
}

/** What triggers need of the kernel. */
export interface RunStarter {
  /** The same id again is the same run. @throws invalid_input, daemon_cannot_start */
  start(request: StartRequest): Promise<string>;
  /** One key is taken once. @throws not_found */
  send(run: string, topic: string, message: Json, key: string): Promise<void>;
}

/** What triggers need of the company: its last good version. */
export interface CompanyView {
  /** The same object until the company changes. */
  current(): Pick<Company, "daemons" | "triggers" | "timezone">;
  /** @throws not_found */
  pin(daemon: string): Promise<Pinned>;
}

export interface TriggersDeps {
  db: Database;
  clock: Clock;
  ids: Ids;
  log: Log;
  expressions: Pick<Expressions, "evaluate" | "parse" | "render">;
  companies: CompanyView;
  runs: RunStarter;
}

export interface Loop {
  /** Resolves when nothing of it is at work any more. */
  stop(): Promise<void>;
}

export interface Triggers {
  events: Events & {
    /** @throws not_found */
    get(id: string): Promise<Event>;
    /** Newest first. */
    list(filter: { type?: string; limit: number; cursor?: string }): Promise<Page<Event>>;
    /** Removes events older than this; returns how many. Runs that started before then no longer see them. */
    prune(olderThanMs: number): Promise<number>;
  };
  /** Fires what is due at this moment and returns how many ticks. Any number of workers may call it at once. */
  tick(now: number): Promise<number>;
  /** Tells what was recorded and not yet told; returns how many events. */
  dispatch(): Promise<number>;
  /** Newest first. */
  problems(limit: number): Promise<TriggerProblem[]>;
  list(): Promise<TriggerView[]>;
  /** Ticks and dispatches until stopped. For workers. */
  start(): Loop;
}

export function createTriggers(deps: TriggersDeps): Triggers {
  const tick = createScheduler(deps);
  return {
    events: {
      emit: (event, tx) => emitEvent(deps, event, tx),
      subscribe: (run, topic, type) => insertSubscription(deps.db, { run, topic, type }),
      unsubscribe: (run) => deleteSubscriptions(deps.db, run),
      past: (type, sinceMs, after) => pastEvents(deps, type, sinceMs, after),
      get: (id) => getEvent(deps, id),
      list: (filter) => listEvents(deps, filter),
      prune: (olderThanMs) => deleteEventsBefore(deps.db, new Date(deps.clock.now() - olderThanMs)),
    },
    tick,
    dispatch: () => dispatchPending(deps),
    problems: (limit) => listProblems(deps, limit),
    list: () => listTriggers(deps),
    start: () => startLoop(deps, [() => tick(deps.clock.now()), () => dispatchPending(deps)]),
  };
}
