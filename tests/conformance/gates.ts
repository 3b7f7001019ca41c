/** What a gate promises on every engine. Each case starts a run of its own. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { TestContext } from "node:test";
import type { JsonObject } from "@regent/contract";
import { type GateDriver, gateStage } from "../support/gate-drivers.ts";
import { daemon, sequence, stage } from "../support/kernel-world.ts";

const work = (id: string, rest: JsonObject = {}) => stage({ id, type: "tool", tool: "note", with: {}, ...rest });
/** Long enough for a real engine to notice in order, short enough for a test. */
const SHORT_MS = 300;

const gateCases: Record<string, (driver: GateDriver) => Promise<void>> = {
  async "an approved gate lets the run go on with what the person said"(driver) {
    const stages = sequence([work("draft"), gateStage("ok"), work("send", { input: "${ok.changes.text}" })]);
    await driver.start("run_approved", daemon("approved", stages));
    const { id } = await driver.asked("run_approved");
    await driver.approvals.decide(id, { verdict: "approve", by: "kim", changes: { text: "better" } });
    const run = await driver.ended("run_approved");
    equal(run.status, "succeeded");
    equal(run.output, "better");
    equal((run.stages[1]!.output as JsonObject)["by"], "kim");
  },

  async "a rejected gate fails the run, and nothing after it runs"(driver) {
    await driver.start("run_rejected", daemon("rejected", sequence([gateStage("ok"), work("never")])));
    const { id } = await driver.asked("run_rejected");
    await driver.approvals.decide(id, { verdict: "reject", by: "kim", note: "no" });
    const run = await driver.ended("run_rejected");
    deepEqual([run.status, run.error?.code, run.error?.detail?.["note"]], ["failed", "rejected", "no"]);
    ok(!driver.worked.includes("never"));
  },

  async "on_reject: continue goes on without an output"(driver) {
    const stages = sequence([gateStage("ok", { onReject: { do: "continue" } }), work("after")]);
    await driver.start("run_continue", daemon("continue", stages));
    const { id } = await driver.asked("run_continue");
    await driver.approvals.decide(id, { verdict: "reject", by: "kim" });
    const run = await driver.ended("run_continue");
    deepEqual([run.status, run.stages[0]!.output], ["succeeded", null]);
    ok(driver.worked.includes("after"));
  },

  async "on_reject: a handler ends the run with the handler"(driver) {
    const stages = sequence([
      work("apologise", { handler: true }),
      gateStage("ok", { onReject: { do: "goto", stage: "apologise" } }),
      work("not_this"),
    ]);
    await driver.start("run_handler", daemon("handler", stages));
    const { id } = await driver.asked("run_handler");
    await driver.approvals.decide(id, { verdict: "reject", by: "kim" });
    await driver.ended("run_handler");
    ok(driver.worked.includes("apologise"));
    ok(!driver.worked.includes("not_this"));
  },

  async "nobody answers: the gate does what otherwise says"(driver) {
    for (const otherwise of ["reject", "approve"] as const) {
      const run = `run_otherwise_${otherwise}`;
      const stages = [gateStage("ok", { expiresMs: SHORT_MS, otherwise })];
      await driver.start(run, daemon("otherwise", stages));
      const ended = await driver.ended(run);
      equal(ended.status, otherwise === "approve" ? "succeeded" : "failed");
      const { items } = await driver.approvals.list({ run, limit: 1 });
      deepEqual([items[0]!.state, items[0]!.decision?.by], ["expired", "expiry"]);
    }
  },

  async "otherwise: escalate waits as long again and then rejects"(driver) {
    const stages = [gateStage("ok", { expiresMs: SHORT_MS, otherwise: "escalate" })];
    await driver.start("run_escalate", daemon("escalate", stages));
    const run = await driver.ended("run_escalate");
    equal(run.error?.code, "rejected");
    const { items } = await driver.approvals.list({ run: "run_escalate", limit: 1 });
    ok(Date.parse(items[0]!.decision!.decided_at) - Date.parse(items[0]!.requested_at) >= 2 * SHORT_MS);
    ok(items[0]!.escalated_at !== null);
  },

  async "a decision that was taken back in time is as if it had not been"(driver) {
    await driver.start("run_undone", daemon("undone", [gateStage("ok")]));
    const { id } = await driver.asked("run_undone");
    await driver.approvals.decide(id, { verdict: "approve", by: "kim", effectiveAfterMs: 60_000 });
    await driver.approvals.undo(id, "kim");
    equal((await driver.asked("run_undone")).id, id);
    await driver.approvals.decide(id, { verdict: "reject", by: "lee" });
    const run = await driver.ended("run_undone");
    equal(run.error?.detail?.["by"], "lee");
  },

  async "a decision with a window takes effect after it"(driver) {
    await driver.start("run_window", daemon("window", [gateStage("ok")]));
    const { id } = await driver.asked("run_window");
    await driver.approvals.decide(id, { verdict: "approve", by: "kim", effectiveAfterMs: SHORT_MS });
    const run = await driver.ended("run_window");
    const { decision } = await driver.approvals.get(id);
    equal(run.status, "succeeded");
    ok(Date.parse(run.ended_at!) >= Date.parse(decision!.effective_at));
  },

  async "a gate that runs out of its stage's time leaves no question behind"(driver) {
    const stages = sequence([gateStage("ok", { timeoutMs: SHORT_MS, onError: { do: "continue" } }), work("later")]);
    await driver.start("run_timeout", daemon("timeout", stages));
    const run = await driver.ended("run_timeout");
    equal(run.status, "succeeded");
    const { items } = await driver.approvals.list({ run: "run_timeout", limit: 10 });
    deepEqual(
      items.map((approval) => approval.state),
      ["withdrawn"],
    );
  },

  async "a gate whose sibling was enough leaves no question behind"(driver) {
    const both = stage({
      ...{ id: "both", type: "parallel", join: 1 },
      branches: [
        { name: "asked", stages: [gateStage("slow_gate")] },
        { name: "done", stages: [work("first"), work("second", { needs: ["first"] })] },
      ],
    });
    await driver.start("run_any", daemon("any", [both]));
    const run = await driver.ended("run_any");
    equal(run.status, "succeeded");
    const { items } = await driver.approvals.list({ run: "run_any", limit: 10 });
    ok(items.every((approval) => approval.state === "withdrawn"));
  },

  async "a cancelled run withdraws its question"(driver) {
    await driver.start("run_cancelled", daemon("cancelled", [gateStage("ok")]));
    const { id } = await driver.asked("run_cancelled");
    await driver.cancel("run_cancelled");
    equal((await driver.approvals.get(id)).state, "withdrawn");
    equal((await driver.ended("run_cancelled")).status, "cancelled");
  },

  async "each item of a for-each has its own question"(driver) {
    const each = stage({ id: "each", type: "for-each", in: "[1.0, 2.0, 3.0]", limit: 3, stages: [gateStage("ok")] });
    await driver.start("run_each", daemon("each", [each]));
    await driver.asked("run_each");
    for (let left = 3; left > 0; left--) {
      const { id, stage: path } = await driver.asked("run_each");
      match(path, /^each\.\d\.ok$/);
      await driver.approvals.decide(id, { verdict: "approve", by: path });
    }
    const run = await driver.ended("run_each");
    deepEqual(
      (run.output as JsonObject[]).map((item) => item["by"] ?? (item["ok"] as JsonObject)["by"]),
      ["each.0.ok", "each.1.ok", "each.2.ok"],
    );
  },
};

export async function checkGates(context: TestContext, driver: GateDriver): Promise<void> {
  for (const [name, check] of Object.entries(gateCases)) await context.test(name, () => check(driver));
}
