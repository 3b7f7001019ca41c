/**
 * One stage of one run, with recorded steps and messages in real tables, for tests of performers: what a test kills
 * goes on from what was committed. Time is the test's clock; a wait ends when the clock has passed its deadline.
 */
import type { Json, Stage } from "@regent/contract";
import type { Job, Performed, Performer, Scope } from "#kernel";
import type { Clock, Transaction } from "#platform";
import type { TestDatabase } from "./database.ts";

export class Killed extends Error {
  override name = "Killed";
}

export interface DurableRun {
  id: string;
  /**
   * Performs the stage from its beginning, as after a start of the process. `killAt` ends it at the nth place, counted
   * from 1: before a step's work, between work and record, after the record, before and after a receipt.
   */
  perform<S extends Stage>(
    performer: Performer<S>,
    stage: S,
    options?: { attempt?: number; killAt?: number; scope?: Scope },
  ): Promise<Performed>;
  /** Names of recorded steps, in order. */
  steps(): Promise<string[]>;
  /** Resolves when the run looks for a message the next time and finds none. */
  waiting(): Promise<void>;
}

export interface DurableRuns {
  create(id: string): DurableRun;
  send(run: string, topic: string, message: Json, key: string, tx?: Transaction): Promise<void>;
  messages(run: string): Promise<{ topic: string; message: Json; key: string }[]>;
}

type Render = (template: Json, scope: Scope) => Json;

export async function durableRuns(test: TestDatabase, clock: Clock, render: Render = (t) => t): Promise<DurableRuns> {
  await test.pool.query(`
    create table test_step (run text, id text, value json, primary key (run, id));
    create table test_message (
      run text, topic text, message json, key text, taken boolean not null default false,
      seq bigint generated always as identity, primary key (run, key)
    );
    grant select, insert, update, delete on test_step, test_message to regent_app;
    grant usage on sequence test_message_seq_seq to regent_app;
  `);
  return {
    create: (id) => createRun(test, clock, render, id),
    async send(run, topic, message, key, tx) {
      await (tx ?? test.database).query(
        "insert into test_message (run, topic, message, key) values ($1, $2, $3, $4) on conflict do nothing",
        [run, topic, JSON.stringify(message), key],
      );
    },
    async messages(run) {
      const { rows } = await test.pool.query(
        "select topic, message, key from test_message where run = $1 and not taken order by seq",
        [run],
      );
      return rows;
    },
  };
}

function createRun(test: TestDatabase, clock: Clock, render: Render, id: string): DurableRun {
  const waiters: (() => void)[] = [];

  async function recorded(step: string): Promise<{ value: Json } | undefined> {
    const { rows } = await test.pool.query("select value from test_step where run = $1 and id = $2", [id, step]);
    return rows[0];
  }
  async function record(step: string, value: Json): Promise<void> {
    await test.pool.query("insert into test_step (run, id, value) values ($1, $2, $3)", [
      id,
      step,
      JSON.stringify(value),
    ]);
  }

  return {
    id,
    async perform(performer, stage, { attempt = 1, killAt = Number.POSITIVE_INFINITY, scope = {} } = {}) {
      let place = 0;
      const mayBeKilled = () => {
        place += 1;
        if (place === killAt) throw new Killed(`at place ${place}`);
      };
      let count = 0;
      const next = (name: string) => {
        count += 1;
        return `${attempt}/${String(count).padStart(4, "0")} ${name}`;
      };
      const job: Job = {
        run: { id, daemon: "test-daemon" },
        path: stage.id,
        key: `${id}/${stage.id}`,
        attempt,
        scope,
        input: null,
        tree: "sha256:0000000000000000000000000000000000000000000000000000000000000000",
        files: [],
        cachePaths: [],
        render: (template) => render(template, scope),
        definition: async () => undefined,
        async step(kind, name, work) {
          const step = next(kind);
          const known = await recorded(step);
          if (known) return known.value as never;
          mayBeKilled();
          const freeze = { isFrozen: () => false, onChange: () => () => {} };
          const { value } = await work({ signal: new AbortController().signal, freeze, key: `${id}/${name}` });
          mayBeKilled();
          await record(step, value);
          mayBeKilled();
          return value;
        },
        async receive(topic, { timeoutMs }) {
          const step = next("receive");
          const known = await recorded(step);
          if (known) return known.value as never;
          mayBeKilled();
          const deadline = await deadlineOf(`${step} deadline`, timeoutMs);
          for (;;) {
            const message = await takeMessage(topic, step);
            if (message !== undefined) {
              mayBeKilled();
              return message as never;
            }
            if (deadline !== null && clock.now() >= deadline) {
              await record(step, null);
              mayBeKilled();
              return null;
            }
            for (const resolve of waiters.splice(0)) resolve();
            await new Promise((resolve) => setImmediate(resolve));
          }
        },
        async now() {
          const step = next("now");
          const known = await recorded(step);
          if (known) return known.value as number;
          const now = clock.now();
          await record(step, now);
          return now;
        },
      };

      /** Recorded at the first time, so that a restart does not extend it. */
      async function deadlineOf(step: string, timeoutMs: number | undefined): Promise<number | null> {
        const known = await recorded(step);
        if (known) return known.value as number | null;
        const deadline = timeoutMs === undefined ? null : clock.now() + timeoutMs;
        await record(step, deadline);
        return deadline;
      }
      /** Taken and recorded in one statement. */
      async function takeMessage(topic: string, step: string): Promise<Json | undefined> {
        const { rows } = await test.pool.query(
          `with taken as (
             update test_message
             set taken = true
             where seq = (
               select seq from test_message where run = $1 and topic = $2 and not taken order by seq limit 1)
             returning message)
           insert into test_step (run, id, value)
           select $1, $3, message from taken
           returning value`,
          [id, topic, step],
        );
        return rows[0]?.value;
      }
      return performer.perform(stage, job);
    },
    async steps() {
      const { rows } = await test.pool.query("select id from test_step where run = $1 order by id", [id]);
      return rows.map((row) => row.id);
    },
    waiting: () => new Promise((resolve) => waiters.push(resolve)),
  };
}
