import type { Command } from "../command.ts";
import { toPlain } from "../output/paint.ts";
import { toAgo } from "../output/readable.ts";

export const command: Command = {
  summary: "lists what daemons start with: when next, or what is missing",
  example: "regent triggers list",
  needs: "server",
  async run({ client, output }) {
    const answer = await (await client()).triggers.list();
    const now = Date.now();
    output.answer(answer, () =>
      answer.items.length === 0
        ? 'No daemon has a trigger. Write one: triggers: [ { cron: "0 8 * * 1" } ]'
        : output.table([
            ["DAEMON", "KIND", "ON", "NEXT", "MISSING"].map((head) => output.paint("quiet", head)),
            ...answer.items.map((trigger) => [
              toPlain(trigger.daemon),
              trigger.kind,
              toPlain(trigger.on),
              toAgo(trigger.next_at, now),
              toPlain(trigger.missing ?? ""),
            ]),
          ]),
    );
    return undefined;
  },
};
