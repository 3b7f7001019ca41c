/** Installs exactly what package-lock.json says, and Node 24 with it. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Written last, so that an interrupted installation counts as none. */
const stampOf = (root) => join(root, "node_modules", ".regent-setup");
const nodeOf = (root) => join(root, "node_modules", ".bin", "node");

export function areDependenciesInstalled(root) {
  try {
    return readFileSync(stampOf(root), "utf8") === wanted(root);
  } catch {
    return false;
  }
}

export async function installDependencies(root, say) {
  const startedAt = Date.now();
  say("installing packages; this takes about half a minute, once");
  rmSync(stampOf(root), { force: true });
  // Also where the user's npm leaves development or optional packages out: the checks and PostgreSQL are among them.
  await npm(root, ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"]);
  await ensureNode24(root, say);
  writeFileSync(stampOf(root), wanted(root));
  say(`packages installed in ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
}

function wanted(root) {
  const lock = readFileSync(join(root, "package-lock.json"));
  return `${createHash("sha256").update(lock).digest("hex")} ${process.platform} ${process.arch}`;
}

/** The `node` package brings its binary by an install script, which the user's npm may have switched off. */
async function ensureNode24(root, say) {
  if (runs(nodeOf(root))) return;
  await npm(root, ["rebuild", "node", "--ignore-scripts=false", "--loglevel=error"]).catch(() => {});
  if (runs(nodeOf(root))) return;
  if (Number(process.versions.node.split(".")[0]) < 24)
    throw new Error(
      "Node 24 from npm does not run on this machine. Install Node 24 or newer and run the command again.",
    );
  rmSync(nodeOf(root), { force: true });
  say(`Node 24 from npm does not run on this machine; using the installed Node ${process.versions.node}`);
}

const runs = (node) => existsSync(node) && spawnSync(node, ["--version"]).status === 0;

/**
 * Runs npm on the Node that runs it now, and with the checkout's own `.bin` off the PATH: `npm ci` deletes that
 * folder first, and with it a Node that npm would otherwise be running on.
 */
function npm(root, args) {
  const bin = join(root, "node_modules", ".bin");
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== bin);
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  const throughNode = script?.endsWith(".js") && node && !node.startsWith(join(root, "node_modules"));
  const [command, first] = throughNode ? [node, [script]] : ["npm", []];
  const child = spawn(command, [...first, ...args], {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: ["ignore", 2, 2],
  });
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Error(`npm could not be started: ${error.message}`)));
    child.on("exit", (code, signal) =>
      code === 0
        ? resolve()
        : reject(
            new Error(`\`npm ${args[0]}\` ended with ${signal ?? `exit code ${code}`}; its message stands above.`),
          ),
    );
  });
}
