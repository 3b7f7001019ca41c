import assert from "node:assert/strict";
import test from "node:test";
import { gate, Killed, testApprovals } from "#testing";

const HOUR = 3_600_000;
const house = await testApprovals();
const { approvals, clock, runs } = house;

test("the run goes on only when the decision is effective", async () => {
  const { run, ended, approval } = await house.ask("run_1");
  const decided = await approvals.decide(approval.id, { verdict: "approve", by: "kim", effectiveAfterMs: 10_000 });
  assert.equal(Date.parse(decided.decision!.effective_at), clock.now() + 10_000);
  while (!(await run.steps()).includes("1/0003 settle")) await run.waiting();
  clock.advance(9_999);
  assert.equal(await Promise.race([ended, run.waiting().then(() => "waits")]), "waits");
  clock.advance(1);
  assert.equal((await ended).output?.["by"], "kim");
});

test("a decision that was taken back is as if it had not been", async () => {
  const { ended, approval } = await house.ask("run_2");
  await approvals.decide(approval.id, { verdict: "approve", by: "kim", effectiveAfterMs: 10_000 });
  const undone = await approvals.undo(approval.id, "kim");
  assert.equal(undone.state, "open");
  assert.equal(undone.decision, null);
  clock.advance(60_000);
  await approvals.decide(approval.id, { verdict: "reject", by: "lee" });
  assert.equal((await ended).error?.detail?.["by"], "lee");
});

test("a decision can be taken back and made again many times", async () => {
  const { run, ended, approval } = await house.ask("run_3");
  for (let i = 0; i < 5; i++) {
    await approvals.decide(approval.id, { verdict: "approve", by: `member-${i}`, effectiveAfterMs: 10_000 });
    await approvals.undo(approval.id, "kim");
    // Each word is heard: a message that took the key of another would be missed.
    while ((await runs.messages("run_3")).length > 0) await run.waiting();
    await run.waiting();
  }
  await approvals.decide(approval.id, { verdict: "approve", by: "last" });
  assert.equal((await ended).output?.["by"], "last");
});

test("what is effective, open or unknown cannot be taken back", async () => {
  const { ended, approval } = await house.ask("run_4");
  await assert.rejects(approvals.undo(approval.id, "kim"), { code: "approval_not_open" });
  await approvals.decide(approval.id, { verdict: "approve", by: "kim", effectiveAfterMs: 10_000 });
  clock.advance(10_000);
  await assert.rejects(approvals.undo(approval.id, "kim"), { code: "decision_is_effective" });
  await ended;
  await assert.rejects(approvals.undo(approval.id, "kim"), { code: "decision_is_effective" });
  await assert.rejects(approvals.undo("apr_unknown", "kim"), { code: "not_found" });
});

test("of taking back and becoming effective one wins, and the run follows it", async () => {
  for (let i = 0; i < 40; i++) {
    const { ended, approval } = await house.ask(`run_race_${i}`);
    await approvals.decide(approval.id, { verdict: "approve", by: "kim", effectiveAfterMs: 1_000 });
    clock.advance(999);
    const undo = approvals.undo(approval.id, "kim").then(
      () => true,
      () => false,
    );
    if (i % 2) await new Promise(setImmediate);
    clock.advance(1);
    if (await undo) {
      assert.equal((await approvals.get(approval.id)).state, "open");
      await approvals.decide(approval.id, { verdict: "reject", by: "lee" });
      assert.equal((await ended).error?.detail?.["by"], "lee");
    } else {
      assert.equal((await ended).output?.["by"], "kim");
    }
  }
});

test("the expiry does not overtake a decision that waits to be effective", async () => {
  const { ended, approval } = await house.ask("run_5", { expiresMs: HOUR });
  clock.advance(HOUR - 1);
  await approvals.decide(approval.id, { verdict: "approve", by: "kim", effectiveAfterMs: 10_000 });
  clock.advance(5_000);
  assert.equal((await approvals.get(approval.id)).state, "decided");
  clock.advance(5_001);
  assert.equal((await ended).output?.["by"], "kim");
});

test("the window holds while the process is dead", async () => {
  const run = runs.create("run_6");
  await assert.rejects(run.perform(approvals.performer, gate(), { killAt: 4 }), Killed);
  const [approval] = (await approvals.list({ run: "run_6", limit: 1 })).items;
  await approvals.decide(approval!.id, { verdict: "approve", by: "kim", effectiveAfterMs: HOUR });
  const ended = run.perform(approvals.performer, gate());
  while (!(await run.steps()).includes("1/0003 settle")) await run.waiting();
  await approvals.undo(approval!.id, "kim");
  await approvals.decide(approval!.id, { verdict: "approve", by: "lee", effectiveAfterMs: HOUR });
  clock.advance(HOUR + 1);
  assert.equal(((await ended).output as { by: string }).by, "lee");
});
