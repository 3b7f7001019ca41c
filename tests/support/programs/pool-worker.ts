/** One of several workers on one database; a test kills it at any time. Its stages work 30 ms and leave an effect. */
import { appendFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { startKernel } from "../kernel-app.ts";
import { tenStages, working } from "../worker-pool.ts";

const input = createInterface({ input: process.stdin });
input.on("close", () => process.exit(0));
input.once("line", async (line) => {
  const { url, effects, leaseMs } = JSON.parse(line) as { url: string; effects: string; leaseMs: number };
  let count = 0;
  await startKernel({
    ...{
      url,
      blobs: join(dirname(effects), "blobs"),
      leaseMs,
      exclusive: false,
      executor: `pool-${process.pid}-${Date.now()}`,
      takesAtMost: 30,
      daemons: [tenStages],
    },
    performers: working((key) => {
      const value = process.pid * 1_000_000 + ++count;
      appendFileSync(effects, `${key} ${value}\n`);
      return value;
    }),
  });
  process.stdout.write('{"ready":true}\n');
});
