#!/usr/bin/env node
/**
 * Starts the CLI on the Node that Regent brings along. `npx` puts that Node on PATH; a direct call of
 * node_modules/.bin/regent meets the system's, which may be Node 20 and run no TypeScript: plain JavaScript until then.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MIN = 24;
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

if (Number(process.versions.node.split(".")[0]) >= NODE_MIN) await runHere();
else runOn(findNode());

async function runHere() {
  try {
    const { main } = await import("../src/main.ts");
    process.exitCode = await main({
      arguments: process.argv.slice(2),
      environment: process.env,
      folder: process.cwd(),
      stdout: process.stdout,
      stderr: process.stderr,
      stdin: process.stdin,
    });
  } catch (error) {
    if (error?.code !== "ERR_MODULE_NOT_FOUND") throw error;
    giveUp();
  }
}

function findNode() {
  try {
    const path = join(dirname(createRequire(import.meta.url).resolve("node/package.json")), "bin", "node");
    return existsSync(path) ? path : giveUp();
  } catch {
    return giveUp();
  }
}

function runOn(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  // The terminal sends Ctrl-C to both; this process only waits for what the other makes of it.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}

function giveUp() {
  process.stderr.write(
    `regent: its packages are not installed in ${root}. Run \`npm ci\` or \`npm start\` there once.\n`,
  );
  process.exit(1);
}
