/**
 * A worker that a test kills: schedules that fire each second, daemons that start with an event and ask a person. It
 * begins when it is told the database on its standard input.
 */
import { createInterface } from "node:readline";
import { startKernel } from "../kernel-app.ts";
import { triggeredDaemons, workPerformers } from "../trigger-world.ts";

for await (const line of createInterface({ input: process.stdin })) {
  const { url, blobs } = JSON.parse(line) as { url: string; blobs: string };
  const app = await startKernel({
    ...{
      url,
      blobs,
      performers: workPerformers([]),
      gates: true,
      triggered: triggeredDaemons,
      daemons: triggeredDaemons,
    },
    ...{ executor: `triggers-${process.pid}`, exclusive: false, leaseMs: 1_000 },
  });
  app.triggers.start();
  console.log("ready");
}
