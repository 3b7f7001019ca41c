import type { Command } from "../command.ts";
import { toPlain } from "../output/paint.ts";
import { toAgo } from "../output/readable.ts";
import { readPage } from "../read-page.ts";

export const command: Command = {
  summary: "lists starts that failed, newest first, with the reason",
  options: [["--limit <n>", "at most so many (default 20)"]],
  example: "regent triggers problems",
  needs: "server",
  async run({ client, output }, _, options) {
    const answer = await (await client()).triggers.problems({ limit: readPage(options).limit });
    const now = Date.now();
    output.answer(answer, () =>
      answer.items.length === 0
        ? "Every trigger started what it should."
        : output.table([
            ["AT", "DAEMON", "STARTED BY", "REASON"].map((head) => output.paint("quiet", head)),
            ...answer.items.map((problem) => [
              toAgo(problem.at, now),
              toPlain(problem.daemon),
              problem.event ?? problem.tick ?? "",
              toPlain(problem.message),
            ]),
          ]),
    );
    return undefined;
  },
};
