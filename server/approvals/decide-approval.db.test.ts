import assert from "node:assert/strict";
import test from "node:test";
import { createApprovals } from "#approvals";
import { testApprovals } from "#testing";

const HOUR = 3_600_000;
const house = await testApprovals();
const { approvals, clock, runs } = house;

test("of fifty who decide at once one wins, and the run gets the winner's word", async () => {
  const { ended, approval } = await house.ask("run_fifty");
  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) =>
      approvals.decide(approval.id, { verdict: i % 2 ? "approve" : "reject", by: `member-${i}` }),
    ),
  );
  const decided = await approvals.get(approval.id);
  for (const [i, answer] of answers.entries()) {
    if (answer.status === "fulfilled") assert.deepEqual(answer.value, decided);
    else assert.equal(answer.reason.code, "approval_already_decided");
    assert.equal(answer.status === "fulfilled", (i % 2 ? "approve" : "reject") === decided.decision!.verdict);
  }
  const { output, error } = await ended;
  assert.equal(output?.["by"] ?? error?.detail?.["by"], decided.decision!.by);
  assert.deepEqual(await runs.messages("run_fifty"), []);
});

test("of a decision and the expiry one wins, and the run follows it", async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 60; i++) {
    const { ended, approval } = await house.ask(`run_race_${i}`, { expiresMs: HOUR });
    // At the last moment, so that the row and not the clock decides.
    clock.advance(HOUR - 1);
    const decision = approvals.decide(approval.id, { verdict: "approve", by: "kim" }).catch((error) => error.code);
    if (i % 2) await new Promise(setImmediate);
    clock.advance(1);
    const [outcome, { output, error }] = await Promise.all([decision, ended]);
    const row = await approvals.get(approval.id);
    seen.add(row.state);
    if (row.state === "decided") {
      assert.equal(outcome.id, approval.id);
      assert.equal(output?.["by"], "kim");
    } else {
      assert.equal(row.state, "expired");
      assert.equal(outcome, "approval_not_open");
      assert.equal(error?.detail?.["reason"], "expired");
    }
  }
  assert.ok(seen.has("decided"));
});

test("deciding again with the same verdict returns the first decision; another is refused", async () => {
  const { ended, approval } = await house.ask("run_again");
  const first = await approvals.decide(approval.id, { verdict: "approve", by: "kim", changes: { a: [1] } });
  clock.advance(1_000);
  assert.deepEqual(await approvals.decide(approval.id, { verdict: "approve", by: "lee" }), first);
  assert.deepEqual(await approvals.decide(approval.id, { verdict: "approve", by: "lee", changes: { a: [1] } }), first);
  const refused = {
    code: "approval_already_decided",
    detail: { approval: approval.id, by: "kim", verdict: "approve" },
  };
  await assert.rejects(approvals.decide(approval.id, { verdict: "reject", by: "lee" }), refused);
  await assert.rejects(approvals.decide(approval.id, { verdict: "approve", by: "lee", changes: { a: [2] } }), refused);
  await ended;
  assert.equal((await house.events()).filter((type) => type === "approval.decided").length >= 1, true);
});

test("who comes after the expiry is told so, also before the run has seen it", async () => {
  const { run, ended, approval } = await house.ask("run_late", { expiresMs: HOUR });
  clock.advance(HOUR);
  await assert.rejects(approvals.decide(approval.id, { verdict: "approve", by: "kim" }), {
    code: "approval_not_open",
    message: "The approval is expired.",
  });
  await ended;
  assert.ok(run);
});

test("what the decision says is checked", async () => {
  const { ended, approval } = await house.ask("run_bad");
  const bad = [
    { verdict: "maybe", by: "kim" },
    { verdict: "reject", by: "kim", changes: { a: 1 } },
    { verdict: "approve", by: "kim", note: "x".repeat(2_001) },
    { verdict: "approve", by: "" },
    { verdict: "approve", by: "kim", effectiveAfterMs: -1 },
    { verdict: "approve", by: "kim", effectiveAfterMs: 48 * HOUR },
    { verdict: "approve", by: "kim", effectiveAfterMs: Number.NaN },
  ];
  for (const decision of bad) {
    await assert.rejects(approvals.decide(approval.id, decision as never), { code: "invalid_input" });
  }
  const large = { verdict: "approve" as const, by: "kim", changes: { a: "x".repeat(300_000) } };
  await assert.rejects(approvals.decide(approval.id, large), { code: "payload_too_large" });
  await assert.rejects(approvals.decide("apr_unknown", { verdict: "approve", by: "kim" }), { code: "not_found" });
  await approvals.decide(approval.id, {
    verdict: "approve",
    by: "kim\u202e",
    note: "\u0000",
    changes: { "a\u0000": "\ud800" },
  });
  const { output } = await ended;
  assert.equal(output?.["by"], "kim\\u202e");
  assert.equal(output?.["note"], "\\u0000");
});

/** The message, the row and the event are one: a run that is gone keeps all three back. */
test("a decision that cannot reach its run is not recorded", async () => {
  const { approval, ended } = await house.ask("run_gone");
  const events = (await house.events()).length;
  const broken = createApprovals({
    ...house.deps,
    runs: {
      async send() {
        throw new Error("no such run");
      },
    },
  });
  await assert.rejects(broken.decide(approval.id, { verdict: "approve", by: "kim" }), /no such run/);
  assert.equal((await approvals.get(approval.id)).state, "open");
  assert.equal((await house.events()).length, events);
  await approvals.decide(approval.id, { verdict: "approve", by: "kim" });
  await ended;
});

test("changes are announced when they are committed", async () => {
  const heard: unknown[] = [];
  const stop = await house.test.database.listen("regent_changes", (payload) => heard.push(JSON.parse(payload)));
  const { approval, ended } = await house.ask("run_heard");
  await approvals.decide(approval.id, { verdict: "approve", by: "kim" });
  await ended;
  while (heard.length < 2) await new Promise(setImmediate);
  await stop();
  assert.deepEqual(
    heard,
    ["open", "decided"].map((state) => ({
      topic: "approvals",
      id: approval.id,
      data: { id: approval.id, state, run: "run_heard" },
    })),
  );
});
