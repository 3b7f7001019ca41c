import { cp, mkdir, readdir } from "node:fs/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Command, UsageError } from "../command.ts";

const STARTER = fileURLToPath(new URL("../../../company", import.meta.url));

export const command: Command = {
  summary: "makes a new company from the starter",
  arguments: [["<dir>", "a folder that does not exist yet, or is empty"]],
  example: "regent init my-company\nregent start --company my-company",
  needs: "nothing",
  async run({ output, path, terminal }, [dir]: [string]) {
    const folder = path(dir);
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length > 0) throw new UsageError(`${dir} is not empty. Name a new folder.`);
    await cp(STARTER, folder, { recursive: true });
    const files = (await readdir(folder, { recursive: true })).length;
    const name = relative(terminal.folder, folder) || ".";
    output.answer(
      { folder, files },
      () => `A company stands in ${name} (${files} files). Start it: npx regent start --company ${name}`,
    );
    return undefined;
  },
};
