import { globSync } from "node:fs";

/** Every test file of the house, sorted. Planted violations are not tests. */
export function findTestFiles(): string[] {
  return globSync("{contract,sdk,cli,server,company,scripts,bench,tests}/**/*.test.{ts,mjs}", {
    exclude: ["**/node_modules", "tests/architecture/planted"],
  }).sort();
}
