import type { SystemStatus } from "@regent/contract";
import { type Command, EXIT } from "../command.ts";
import type { Output } from "../output/output.ts";
import { toPlain } from "../output/paint.ts";
import { toBytes } from "../output/readable.ts";

export const command: Command = {
  summary: "says what works, what is missing, and how to get it; ends with 1 when something needed is missing",
  example: "regent doctor",
  needs: "server",
  async run({ client, output }) {
    const status = await (await client()).system.status();
    output.answer(status, () => toText(output, status));
    return status.parts.some((part) => !part.ok && !part.optional) ? EXIT.failed : EXIT.done;
  },
};

function toText(output: Output, status: SystemStatus): string {
  const { paint } = output;
  const mark = (part: SystemStatus["parts"][number]) =>
    part.ok ? paint("ok", "✓") : part.optional ? paint("wait", "!") : paint("fail", "✗");
  return [
    `${paint("strong", `Regent ${status.version}`)}  Node ${status.node}  role ${status.role}`,
    `company ${toPlain(status.company.name)} in ${toPlain(status.company.folder)}, data in ${toPlain(status.data.folder)}`,
    "",
    ...status.parts.flatMap((part) => [
      `${mark(part)} ${toPlain(part.name).padEnd(14)} ${toPlain(part.detail)}`,
      ...(part.fix === null ? [] : [`  ${" ".repeat(14)} ${paint("quiet", toPlain(part.fix))}`]),
    ]),
    "",
    ...status.sizes.map(({ name, bytes }) => `  ${toPlain(name).padEnd(14)} ${toBytes(bytes)}`),
  ].join("\n");
}
