/** YAML blocks marked as `yaml example`, and the files of `docs/examples/`, are files that the company loader takes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCompany } from "#company";
import type { SourceFile } from "../architecture/source.ts";
import { isHouseText, parseMarkdown } from "./markdown.ts";

export interface Example {
  /** `docs/daemons.md:12` */
  place: string;
  text: string;
}

export function examplesOf(files: readonly SourceFile[]): Example[] {
  const whole = files.filter(({ path }) => path.startsWith("docs/examples/"));
  return [
    ...whole.map(({ path, text }) => ({ place: `${path}:1`, text })),
    ...files.filter(isHouseText).flatMap(({ path, text }) =>
      parseMarkdown(text)
        .blocks.filter(({ info }) => info === "yaml example")
        .map((block) => ({ place: `${path}:${block.line}`, text: block.text })),
    ),
  ];
}

/** What the loader says against a company that holds just the example; warnings do not count. */
export async function errorsIn({ place, text }: Example): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "regent-example-"));
  try {
    writeFileSync(join(folder, "example.daemon.yaml"), text);
    const { problems } = await loadCompany(folder);
    return problems
      .filter(({ severity }) => severity === "error")
      .map(({ line, message }) => `${place} line ${line}: ${message}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
