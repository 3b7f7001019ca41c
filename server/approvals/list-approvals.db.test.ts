import assert from "node:assert/strict";
import test from "node:test";
import { gate, testApprovals } from "#testing";

const HOUR = 3_600_000;
const house = await testApprovals();
const { approvals, clock, runs } = house;

/** Asks, and leaves it at that. */
async function ask(id: string, fields = {}): Promise<string> {
  await runs
    .create(id)
    .perform(approvals.performer, gate(fields), { killAt: 4 })
    .catch(() => {});
  return (await approvals.list({ run: id, limit: 1 })).items[0]!.id;
}

test("what expires first comes first, then the newest, on pages that neither repeat nor leave out", async () => {
  const later = await ask("run_a", { expiresMs: 5 * HOUR });
  const sooner = await ask("run_b", { expiresMs: HOUR });
  const older = await ask("run_c");
  clock.advance(1);
  const newer = await ask("run_d");
  const all = await approvals.list({ status: "open", limit: 200 });
  assert.deepEqual(
    all.items.map((approval) => approval.id),
    [sooner, later, newer, older],
  );
  const paged: string[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: { items: { id: string }[]; nextCursor: string | null } = await approvals.list({ limit: 1, cursor });
    paged.push(...page.items.map((approval) => approval.id));
    cursor = page.nextCursor;
    if (!cursor) break;
  }
  assert.deepEqual(paged, [sooner, later, newer, older]);
});

test("a cursor of something else is refused", async () => {
  for (const cursor of ["x", "", Buffer.from("infinity' or true --").toString("base64url")]) {
    await assert.rejects(approvals.list({ limit: 1, cursor }), { code: "invalid_input" });
  }
});

test("approvals of another company are not found", async () => {
  const id = await ask("run_mine");
  assert.equal((await approvals.get(id)).id, id);
  await house.test.pool.query("update approval set company_id = 'other' where id = $1", [id]);
  await assert.rejects(approvals.get(id), { code: "not_found" });
  await assert.rejects(approvals.decide(id, { verdict: "approve", by: "kim" }), { code: "not_found" });
  assert.deepEqual((await approvals.list({ run: "run_mine", limit: 1 })).items, []);
});

test("a run that has ended leaves no open question", async () => {
  const id = await ask("run_ended");
  assert.equal(await approvals.runEnded("run_ended"), 1);
  assert.equal(await approvals.runEnded("run_ended"), 0);
  assert.equal((await approvals.get(id)).state, "withdrawn");
  await assert.rejects(approvals.decide(id, { verdict: "approve", by: "kim" }), { code: "approval_not_open" });
});

test("a decision of a run that has ended cannot be taken back", async () => {
  const id = await ask("run_ended_2");
  await approvals.decide(id, { verdict: "approve", by: "kim", effectiveAfterMs: HOUR });
  await approvals.runEnded("run_ended_2");
  await assert.rejects(approvals.undo(id, "kim"), { code: "decision_is_effective" });
});

test("the sweep finds runs whose end nobody saw, and leaves the others", async () => {
  const gone = await ask("run_gone");
  const here = await ask("run_here");
  assert.equal(await approvals.sweep(async (run) => run === "run_gone"), 1);
  assert.equal((await approvals.get(gone)).state, "withdrawn");
  assert.equal((await approvals.get(here)).state, "open");
});

test("escalating marks it once and starts its time anew", async () => {
  const id = await ask("run_esc", { expiresMs: HOUR });
  clock.advance(HOUR / 2);
  const escalated = await approvals.escalate(id, "kim");
  assert.equal(Date.parse(escalated.expires_at!), clock.now() + HOUR);
  clock.advance(1);
  assert.deepEqual(await approvals.escalate(id, "lee"), escalated);
  await approvals.decide(id, { verdict: "approve", by: "kim" });
  await assert.rejects(approvals.escalate(id, "kim"), { code: "approval_already_decided" });
  await assert.rejects(approvals.escalate("apr_unknown", "kim"), { code: "not_found" });
});
