/**
 * Subject: Regent's kernel on the durable engine, through the real interpreter, with stages whose one step returns 1.
 * `shape` in `init` chooses the daemon: ten stages in a line, or nine side by side and one that joins them.
 */

import type { Daemon, Stage } from "@regent/contract";
import { migrate } from "#platform";
import { startKernel } from "../../tests/support/kernel-app.ts";
import { daemon, sequence, stage } from "../../tests/support/kernel-world.ts";
// @ts-expect-error: the protocol is plain JavaScript, because the peers are
import { serve } from "../peers/protocol.mjs";

const trivial = (id: string, needs: string[] = []): Stage =>
  stage({ id, type: "tool", tool: "one", with: {}, needs } as never);
const line = (count: number): Daemon =>
  daemon(`line-${count}`, sequence(Array.from({ length: count }, (_, i) => trivial(`s${i}`))));
const sides = Array.from({ length: 9 }, (_, i) => `side${i}`);
const star = daemon("star", [...sides.map((id) => trivial(id)), trivial("end", sides)]);

let app: Awaited<ReturnType<typeof startKernel>>;
let ten: ReturnType<typeof app.pinned>;
let one: ReturnType<typeof app.pinned>;
let begun: number[] | undefined;

async function run(id: string, pinned: typeof ten, value: number) {
  const startedAt = performance.now();
  const started = await app.kernel.start({ id: `run_${id}`, pinned, inputs: {}, trigger: { kind: "manual" } });
  const outcome = await app.kernel.outcome(started, 60_000);
  if (outcome?.status !== "succeeded") throw new Error(`the run ended as ${outcome?.status}`);
  return { value, ms: performance.now() - startedAt };
}

serve({
  async init({ databaseUrl, shape = "line" }: { databaseUrl: string; shape?: "line" | "star" }) {
    await migrate(databaseUrl);
    app = await startKernel({
      url: databaseUrl,
      performers: {
        tool: {
          perform: async (_stage, job) => ({
            output: await job.step("tool", "one", async () => {
              begun?.push(performance.now());
              return { value: 1 };
            }),
          }),
        },
      },
    });
    ten = app.pinned(shape === "line" ? line(10) : star);
    one = app.pinned(line(1));
    return { name: "Regent", version: shape };
  },
  runTen: ({ id }: { id: string }) => run(id, ten, 10),
  runOne: ({ id }: { id: string }) => run(id, one, 1),
  async runSeq({ id, steps }: { id: string; steps: number }) {
    begun = [];
    await run(id, app.pinned(line(steps)), steps);
    const times = begun;
    begun = undefined;
    return { gapsMs: times.slice(1).map((at, i) => at - times[i]!) };
  },
  close: () => app.close(),
});
