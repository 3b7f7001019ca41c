/**
 * Makes a checkout ready for `npm start`, `npm test` and `npm run bench`, which call it first. It runs on whatever
 * Node the machine has (20 or newer) before any package is installed: plain JavaScript, no dependencies. When nothing
 * is to do it reads one file and ends. All it says goes to stderr.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { areDependenciesInstalled, installDependencies } from "./setup/dependencies.mjs";
import { withLock } from "./setup/lock.mjs";
import { installSystemPackages, missingSystemPackages } from "./setup/system-packages.mjs";

const NODE_MIN = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const forTests = process.argv.includes("--test");
const say = (line) => process.stderr.write(`setup: ${line}\n`);

try {
  refuseOldNode(process.versions.node);
  if (!areDependenciesInstalled(root))
    await locked(() => areDependenciesInstalled(root) || installDependencies(root, say));
  if (missingSystemPackages(forTests).length > 0) await locked(() => installSystemPackages(root, forTests, say));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

function refuseOldNode(version) {
  if (Number(version.split(".")[0]) >= NODE_MIN) return;
  throw new Error(
    `Regent sets itself up with Node ${NODE_MIN} or newer; this is Node ${version}. Install a newer Node and run the command again.`,
  );
}

function locked(work) {
  return withLock(`${root}/.setup.lock`, work, { onWait: (pid) => say(`waiting for the set-up in process ${pid}`) });
}
