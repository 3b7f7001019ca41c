import { type Command, text, UsageError } from "../command.ts";

export const command: Command = {
  summary: "records an event; it may start runs and wake those that wait for it",
  arguments: [["<type>", "such as order.paid"]],
  options: [
    ["--data <json>", "a JSON object"],
    ["--id <id>", "the sender's own id: the same id again is the same event"],
  ],
  example: "regent events emit order.paid --data '{\"order\": 1042}' --id order-1042",
  needs: "worker",
  ownData: true,
  async run({ client, output }, [type]: [string], options) {
    const data = parseData(text(options.data) ?? "{}");
    const id = text(options.id);
    const event = await (await client()).events.emit({ type, data, ...(id === undefined ? {} : { id }) });
    output.answer(event, () => `${event.id}  ${event.type}`);
    return undefined;
  },
};

function parseData(json: string): Record<string, never> {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw new UsageError("--data must be JSON.");
  }
  if (data === null || typeof data !== "object" || Array.isArray(data))
    throw new UsageError("--data must be a JSON object.");
  return data as Record<string, never>;
}
