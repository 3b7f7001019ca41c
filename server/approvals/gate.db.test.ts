import assert from "node:assert/strict";
import test from "node:test";
import { Approval } from "@regent/contract";
import { gate, Killed, testApprovals } from "#testing";

const HOUR = 3_600_000;
const house = await testApprovals();
const { approvals, clock, runs } = house;

test("the run goes on with what the person decided", async () => {
  const { ended, approval } = await house.ask("run_1", { ask: "Send?", show: ["a \u202e text", { n: 1 }] });
  assert.ok(Approval.safeParse(approval).success);
  assert.equal(approval.state, "open");
  assert.deepEqual(approval.show, ["a \\u202e text", { n: 1 }]);
  await approvals.decide(approval.id, { verdict: "approve", by: "kim", note: "fine", changes: { text: "better" } });
  const { output } = await ended;
  assert.deepEqual(output, {
    verdict: "approve",
    by: "kim",
    note: "fine",
    changes: { text: "better" },
    at: new Date(clock.now()).toISOString(),
  });
});

test("a rejection ends the stage as rejected, with who and why", async () => {
  const { ended, approval } = await house.ask("run_2");
  await approvals.decide(approval.id, { verdict: "reject", by: "kim", note: "no" });
  const { error } = await ended;
  assert.equal(error?.code, "rejected");
  assert.equal(error?.detail?.["by"], "kim");
  assert.equal(error?.detail?.["note"], "no");
});

test("a decision made before the run waits is kept for it", async () => {
  const run = runs.create("run_3");
  await assert.rejects(run.perform(approvals.performer, gate(), { killAt: 3 }), Killed);
  const { items } = await approvals.list({ run: "run_3", limit: 10 });
  await approvals.decide(items[0]!.id, { verdict: "approve", by: "kim" });
  const { output } = await run.perform(approvals.performer, gate());
  assert.equal((output as { by: string }).by, "kim");
});

test("a gate waits without end when it does not expire", async () => {
  const { ended, approval } = await house.ask("run_4");
  clock.advance(300 * 24 * HOUR);
  await approvals.decide(approval.id, { verdict: "approve", by: "kim" });
  assert.equal((await ended).output?.["by"], "kim");
});

for (const otherwise of ["reject", "approve"] as const) {
  test(`nobody answers: otherwise ${otherwise}`, async () => {
    const { ended, approval } = await house.ask(`run_otherwise_${otherwise}`, { expiresMs: 24 * HOUR, otherwise });
    clock.advance(24 * HOUR);
    const { output, error } = await ended;
    const expired = await approvals.get(approval.id);
    assert.equal(expired.state, "expired");
    assert.equal(expired.decision?.by, "expiry");
    assert.equal(expired.decision?.verdict, otherwise);
    if (otherwise === "approve") assert.equal(output?.["by"], "expiry");
    else assert.equal(error?.detail?.["reason"], "expired");
  });
}

test("otherwise escalate: asks again for the same time, then rejects", async () => {
  const { ended, approval, run } = await house.ask("run_5", { expiresMs: HOUR, otherwise: "escalate" });
  clock.advance(HOUR);
  while ((await approvals.get(approval.id)).escalated_at === null) await run.waiting();
  const escalated = await approvals.get(approval.id);
  assert.equal(escalated.state, "open");
  assert.equal(Date.parse(escalated.expires_at!), clock.now() + HOUR);
  clock.advance(HOUR);
  assert.equal((await ended).error?.code, "rejected");
  assert.equal((await approvals.get(approval.id)).state, "expired");
});

test("after an escalation a person can still decide", async () => {
  const { ended, approval, run } = await house.ask("run_6", { expiresMs: HOUR, otherwise: "escalate" });
  clock.advance(HOUR);
  while ((await approvals.get(approval.id)).escalated_at === null) await run.waiting();
  await approvals.decide(approval.id, { verdict: "approve", by: "kim" });
  assert.equal((await ended).output?.["by"], "kim");
});

test("another attempt of the stage asks anew and withdraws the question of the first", async () => {
  const first = await house.ask("run_7");
  const second = runs.create("run_7").perform(approvals.performer, gate(), { attempt: 2 });
  while ((await approvals.list({ run: "run_7", limit: 10 })).items.length < 2) await new Promise(setImmediate);
  const { items } = await approvals.list({ run: "run_7", limit: 10 });
  assert.equal((await approvals.get(first.approval.id)).state, "withdrawn");
  const open = items.find((approval) => approval.state === "open")!;
  await approvals.decide(open.id, { verdict: "approve", by: "kim" });
  assert.equal(((await second).output as { by: string }).by, "kim");
  await runs.send("run_7", `gate:${first.approval.id}`, { look: first.approval.id }, "end");
  assert.equal((await first.ended).error?.detail?.["reason"], "withdrawn");
});

/** Every place where a process can die, one run each; the decision comes while the run waits, or while it is dead. */
test("killed at any place, a run asks once and follows the decision", async () => {
  for (let killAt = 1; killAt <= 8; killAt++) {
    const id = `run_kill_${killAt}`;
    const run = runs.create(id);
    const dead = (error: Error) => assert.equal(error.name, "Killed");
    const first = run.perform(approvals.performer, gate(), { killAt }).catch(dead);
    await Promise.race([first, run.waiting()]);
    const asked = (await approvals.list({ run: id, limit: 10 })).items[0];
    if (asked) await approvals.decide(asked.id, { verdict: "approve", by: "kim" });
    if (asked) await first;
    const second = run.perform(approvals.performer, gate());
    await Promise.race([second, run.waiting()]);
    const { items } = await approvals.list({ run: id, limit: 10 });
    assert.equal(items.length, 1, `killed at ${killAt}`);
    await approvals.decide(items[0]!.id, { verdict: "approve", by: "kim" });
    assert.equal(((await second).output as { by: string }).by, "kim");
  }
});

test("killed at any place of an expiry, the expiry is decided once", async () => {
  for (let killAt = 1; killAt <= 10; killAt++) {
    const id = `run_expiry_${killAt}`;
    const run = runs.create(id);
    const stage = gate({ expiresMs: HOUR, otherwise: "approve" });
    const first = run.perform(approvals.performer, stage, { killAt }).catch(() => {});
    await Promise.race([first, run.waiting()]);
    clock.advance(2 * HOUR);
    await first;
    const again = run.perform(approvals.performer, stage);
    // A run that died before it asked starts its time only now.
    await Promise.race([again, run.waiting()]);
    clock.advance(2 * HOUR);
    const { output } = await again;
    assert.equal((output as { by: string }).by, "expiry");
    assert.equal((await approvals.list({ run: id, limit: 10 })).items.length, 1);
  }
  const expired = (await house.events()).filter((type) => type === "approval.expired");
  const rows = (await approvals.list({ status: "expired", limit: 200 })).items;
  assert.equal(expired.length, rows.length);
});

test("gates by rubric and vote say what is missing", () => {
  const missing = (fields: object) => approvals.performer.missing!(gate(fields));
  assert.deepEqual(missing({}), []);
  assert.deepEqual(missing({ rubric: ["readability"] }), ["gates by rubric"]);
  assert.deepEqual(missing({ vote: {} }), ["gates by vote"]);
});
