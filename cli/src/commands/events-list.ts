import { type Command, text } from "../command.ts";
import { toPlain } from "../output/paint.ts";
import { toAgo } from "../output/readable.ts";
import { readPage } from "../read-page.ts";

export const command: Command = {
  summary: "lists events, newest first",
  options: [
    ["--type <type>", "only of this type"],
    ["--limit <n>", "at most so many (default 20)"],
    ["--cursor <cursor>", "go on after the page before"],
  ],
  example: "regent events list --type order.paid",
  needs: "server",
  async run({ client, output }, _, options) {
    const type = text(options.type);
    const page = await (await client()).events.list({ ...readPage(options), ...(type === undefined ? {} : { type }) });
    const now = Date.now();
    output.answer(page, () =>
      page.items.length === 0
        ? "No events yet. Record one: npx regent events emit order.paid --data '{\"order\": 1}'"
        : output.table([
            ["ID", "TYPE", "AT", "SOURCE", "DATA"].map((head) => output.paint("quiet", head)),
            ...page.items.map((event) => [
              event.id,
              event.type,
              toAgo(event.at, now),
              toPlain(event.source),
              toPlain(JSON.stringify(event.data)).slice(0, 200),
            ]),
          ]),
    );
    if (page.next_cursor) output.note(`More: --cursor ${page.next_cursor}`);
    return undefined;
  },
};
