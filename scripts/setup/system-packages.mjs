/** Programs that npm does not have. Installed on Debian as root; elsewhere one line each says what is missing. */
import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PROGRAMS = [
  {
    command: "bwrap",
    name: "bubblewrap",
    without: "scripts run in the slower `unshare` sandbox, or are refused where that does not work either",
  },
  { command: "git", name: "git", without: "scripts that call git fail" },
];

/** After a failed attempt (no network, say) the next one waits, so that each start stays quick. */
const RETRY_AFTER_MS = 3_600_000;

export function missingSystemPackages(forTests) {
  if (process.platform !== "linux") return [];
  return PROGRAMS.filter(({ command, tests }) => (forTests || !tests) && !isOnPath(command));
}

/** Never throws: a missing program makes Regent refuse what needs it, not the start. */
export async function installSystemPackages(root, forTests, say) {
  const missing = missingSystemPackages(forTests);
  if (missing.length > 0 && canInstall() && !failedLately(root)) await install(root, missing, say);
  for (const { name, without } of missingSystemPackages(forTests))
    say(`${name} is not installed: ${without}. To install it: apt-get install ${name}`);
}

async function install(root, missing, say) {
  const names = missing.map(({ name }) => name);
  say(`installing ${names.join(", ")}`);
  const updated = await aptGet(["update"]);
  const installed = await aptGet(["install", "-y", "--no-install-recommends", ...names]);
  if (installed) return;
  say(`apt-get ${updated ? "install" : "update"} did not work here; trying again in an hour at the earliest`);
  writeFileSync(failureOf(root), "");
}

/** Three attempts, because another apt-get on the machine may hold a lock that this one does not wait for. */
async function aptGet(args) {
  for (let attempt = 1; attempt <= 3; attempt++) {
    if (await runQuietly("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=120", ...args])) return true;
    if (attempt < 3) await sleep(2_000);
  }
  return false;
}

function runQuietly(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const child = spawn(command, args, { env, stdio: "ignore", timeout: 600_000 });
  return new Promise((resolve) => {
    child.on("error", () => resolve(false));
    child.on("exit", (code) => resolve(code === 0));
  });
}

const canInstall = () => process.getuid?.() === 0 && existsSync("/etc/debian_version") && isOnPath("apt-get");

const failureOf = (root) => join(root, "node_modules", ".regent-apt-failed");

function failedLately(root) {
  const failedAt = statSync(failureOf(root), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - failedAt < RETRY_AFTER_MS;
}

function isOnPath(command) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
