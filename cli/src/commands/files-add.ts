import { stat } from "node:fs/promises";
import { type Command, UsageError } from "../command.ts";
import { toPlain } from "../output/paint.ts";
import { toBytes } from "../output/readable.ts";
import { uploadPath } from "../run/upload-path.ts";

export const command: Command = {
  summary: "stores a file or folder as an input of runs, read-only, by digest",
  arguments: [["<path>", "a file or a folder"]],
  example: "regent files add ./inbox.mbox",
  needs: "server",
  async run(context, [given]: [string]) {
    const { client, output, path } = context;
    if (!(await stat(path(given)).catch(() => undefined))) throw new UsageError(`There is no ${given}.`);
    const file = await uploadPath(await client(), path(given), context);
    output.answer(file, () => `${file.id}  ${toPlain(file.name)}  ${toBytes(file.size)}\n${file.digest}`);
    return undefined;
  },
};
