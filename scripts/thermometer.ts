/** Sizes of the source files: median, p90 and the ten largest. A thermometer, not a gate: it never fails. */
import { globSync, readFileSync } from "node:fs";

const files = globSync("{server,contract,sdk,cli,scripts,bench}/**/*.{ts,mjs}", { exclude: ["**/node_modules"] })
  .filter((path) => !/\.test\.(ts|mjs)$/.test(path))
  .map((path) => ({ path, lines: readFileSync(path, "utf8").split("\n").length - 1 }))
  .sort((a, b) => b.lines - a.lines);

const at = (share: number) => files[Math.min(files.length - 1, Math.floor((1 - share) * files.length))]?.lines ?? 0;
const total = files.reduce((sum, { lines }) => sum + lines, 0);

console.log(`${files.length} files, ${total} lines; median ${at(0.5)}, p90 ${at(0.9)}`);
for (const { path, lines } of files.slice(0, 10)) console.log(`${String(lines).padStart(6)}  ${path}`);
