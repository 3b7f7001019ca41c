/** A database, a clock and the approvals on them, for tests of gates. */
import type { GateStage, JsonObject } from "@regent/contract";
import { type ApprovalsDeps, createApprovals } from "#approvals";
import { createIds, systemRandom } from "#platform";
import { testDatabase } from "./database.ts";
import { durableRuns } from "./durable-run.ts";
import { fakeClock } from "./fake-clock.ts";

export async function testApprovals() {
  const test = await testDatabase();
  const clock = fakeClock();
  const ids = createIds({ clock, random: systemRandom });
  const runs = await durableRuns(test, clock);
  await test.pool.query(`
    create table test_event (type text, data json, source text, seq bigint generated always as identity);
    grant select, insert on test_event to regent_app;
    grant usage on sequence test_event_seq_seq to regent_app;
  `);
  const deps: ApprovalsDeps = {
    db: test.database,
    clock,
    ids,
    runs,
    events: {
      async emit({ type, data, source }, tx) {
        const values = [type, JSON.stringify(data), source];
        await (tx ?? test.database).query("insert into test_event (type, data, source) values ($1, $2, $3)", values);
        return "evt_1";
      },
    },
  };
  const approvals = createApprovals(deps);
  return {
    test,
    deps,
    clock,
    runs,
    approvals,
    /** Types of all events so far, in order. */
    async events(): Promise<string[]> {
      const { rows } = await test.pool.query<{ type: string }>("select type from test_event order by seq");
      return rows.map((row) => row.type);
    },
    /** Starts a run that asks, and returns when it waits. `ended` is its output or its error. */
    async ask(id: string, fields: Partial<GateStage> = {}) {
      const run = runs.create(id);
      const ended = run.perform(approvals.performer, gate(fields)).then(
        (performed) => ({ output: performed.output as JsonObject, error: undefined }),
        (error: Error & { code?: string; detail?: JsonObject }) => ({ output: undefined, error }),
      );
      await run.waiting();
      const { items } = await approvals.list({ run: id, limit: 10 });
      return { run, ended, approval: items[0]! };
    },
  };
}

export const gate = (fields: Partial<GateStage> = {}): GateStage => ({
  type: "gate",
  id: "approve",
  name: "Approve",
  needs: [],
  handler: false,
  fallback: [],
  onError: { do: "fail" },
  evidence: [],
  network: [],
  ask: "Send this?",
  show: ["the text"],
  who: "approver",
  otherwise: "reject",
  onReject: { do: "fail" },
  ...fields,
});
