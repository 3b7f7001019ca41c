/**
 * The files of the house, as they lie in the folder: also those that nobody has committed yet. Of files that are not
 * text only the path counts.
 */
import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { SourceFile } from "./source.ts";

export const ROOT = resolve(import.meta.dirname, "../..");

const TEXT = /(\.(ts|tsx|mjs|json|md|yaml|yml|sql|css|html|sh|txt)|\/run|\.npmrc|LICENSE)$/;
const OUTSIDE = ["**/node_modules", ".git", "data", "tests/architecture/planted"];

export function readTree(): SourceFile[] {
  return globSync(["**/*", ".*", ".ci/*"], { cwd: ROOT, exclude: OUTSIDE, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => resolve(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort()
    .map((path) => ({ path, text: TEXT.test(path) ? readFileSync(resolve(ROOT, path), "utf8") : "" }));
}
