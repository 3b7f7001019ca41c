/**
 * Subject: runs that wait at real gates. `start` begins so many and resolves when all wait; `decide` approves some,
 * spread over all, one after another, and returns the milliseconds until the stage after the gate began.
 */
import { createApprovals } from "#approvals";
import { createDatabase, createIds, migrate, silentLog, systemClock, systemRandom } from "#platform";
import { type KernelApp, startKernel } from "../../tests/support/kernel-app.ts";
import { daemon, sequence, stage } from "../../tests/support/kernel-world.ts";
// @ts-expect-error: the protocol is plain JavaScript, because the peers are
import { serve } from "../peers/protocol.mjs";

const gated = daemon(
  "gated",
  sequence([
    stage({
      id: "ok",
      type: "gate",
      ask: "Go on?",
      show: [],
      who: "approver",
      otherwise: "reject",
      onReject: { do: "fail" },
    } as never),
    stage({ id: "next", type: "tool", tool: "one", with: {} } as never),
  ]),
);

let app: KernelApp;
let approvals: ReturnType<typeof createApprovals>;
const begun = new Map<string, (at: number) => void>();

serve({
  async init({ databaseUrl }: { databaseUrl: string }) {
    await migrate(databaseUrl);
    const ids = createIds({ clock: systemClock, random: systemRandom });
    const db = createDatabase({ url: databaseUrl, max: 10, company: "main", role: "regent_app", log: silentLog });
    approvals = createApprovals({
      ...{ db, clock: systemClock, ids },
      runs: { send: (...message) => app.kernel.send(...message) },
      events: { emit: (event, tx) => app.events.emit(event, tx) },
    });
    app = await startKernel({
      url: databaseUrl,
      performers: {
        gate: approvals.performer,
        tool: {
          perform: async (_stage, job) => ({
            output: await job.step("tool", "one", async () => {
              begun.get(job.run.id)?.(performance.now());
              return { value: 1 };
            }),
          }),
        },
      },
    });
    return { name: "Regent", version: "gates" };
  },
  async start({ count, prefix }: { count: number; prefix: string }) {
    const pinned = app.pinned(gated);
    for (let at = 0; at < count; at += 200)
      await Promise.all(
        Array.from({ length: Math.min(200, count - at) }, (_, i) =>
          app.kernel.start({ id: `run_${prefix}-${at + i}`, pinned, inputs: {}, trigger: { kind: "manual" } }),
        ),
      );
    for (;;) {
      const page = await app.kernel.list({ limit: 1, status: ["running", "queued"] });
      if (page.items.length === 0) return null;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  },
  /** What is kept counts, not what could be collected: pages that hold nothing go back to the system. */
  async collect() {
    const collect = globalThis.gc as unknown as (options: object) => void;
    for (let i = 0; i < 3; i++) collect({ type: "major", execution: "sync", flavor: "last-resort" });
    return null;
  },
  async decide({ count, prefix, of }: { count: number; prefix: string; of: number }) {
    const waits: number[] = [];
    for (let i = 0; i < count; i++) {
      const run = `run_${prefix}-${Math.floor((i * of) / count)}`;
      const approval = (await approvals.list({ run, limit: 1 })).items[0]!;
      const next = new Promise<number>((resolve) => begun.set(run, resolve));
      const at = performance.now();
      await approvals.decide(approval.id, { verdict: "approve", by: "bench" });
      waits.push((await next) - at);
      begun.delete(run);
    }
    return waits;
  },
  close: () => app.close(),
});
