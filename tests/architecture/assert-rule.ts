import { deepEqual, equal, ok } from "node:assert/strict";
import type { Rule, SourceFile } from "./source.ts";

export function assertKept(rule: Rule, tree: readonly SourceFile[]): void {
  equal(
    rule
      .check(tree)
      .map(({ path, line, message }) => `${path}:${line}  ${message}`)
      .join("\n"),
    "",
  );
}

export function assertPlantedReported(rule: Rule): void {
  ok(rule.planted.some(({ at }) => at.length > 0));
  for (const { files, at } of rule.planted) {
    const planted = Object.entries(files).map(([path, text]) => ({ path, text }));
    const found = rule.check(planted).map(({ path, line }) => `${path}:${line}`);
    deepEqual([...new Set(found)].sort(), [...at].sort(), JSON.stringify(files));
  }
}
