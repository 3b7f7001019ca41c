/**
 * Asks a driver to prove itself: a script tries what must not work, and the host looks for traces of success. Finding
 * the program is no proof. Fails closed: no "DONE" line, no driver.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Driver } from "./driver.ts";
import { readText } from "./processes.ts";
import { runScript, type Walls } from "./run-script.ts";
import type { Probe } from "./sandbox.ts";
import { createFilter } from "./seccomp.ts";

const LIMITS = {
  wallMs: 5_000,
  cpuSeconds: 5,
  memoryMb: 256,
  pids: 32,
  outputBytes: 16_384,
  tmpMb: 8,
  workspaceMb: 16,
};

export type Trial = Omit<Walls, "version" | "filter">;

export async function probeDriver(trial: Trial): Promise<{ probe: Probe; version: string }> {
  const refuse = (reason: string, fix: string) => ({ probe: { ok: false, reason, fix } as const, version: "" });
  if (process.platform !== "linux") return refuse("scripts need Linux", "Run the server on Linux or in WSL 2.");
  if (process.arch !== "x64" && process.arch !== "arm64") {
    return refuse(`there is no system call filter for ${process.arch}`, "Run the server on x64 or arm64.");
  }
  const missing = trial.driver.programs.find(({ path }) => !existsSync(path));
  if (missing) {
    return refuse(`${missing.path} is missing`, `Install the package ${missing.package} (apt-get install ${missing.package}).`); // biome-ignore format: a sentence
  }
  const version = await versionOf(trial.driver);
  const filter = createFilter(process.arch, trial.groups !== undefined);
  const trouble = await tryToBreakOut({ ...trial, version, filter });
  if (!trouble) return { probe: { ok: true, version, isolation: trial.driver.isolation }, version };
  return refuse(trouble, fixFor(trouble));
}

/** Undefined when nothing got out. */
async function tryToBreakOut(walls: Walls): Promise<string | undefined> {
  const folder = await mkdtemp(join(walls.directory, "self-test-"));
  const secret = randomBytes(12).toString("hex");
  const canary = join(folder, "canary");
  const directory = join(folder, "work");
  const name = `\0regent-self-test-${secret}`;
  const [tcp, abstract] = await Promise.all([listen(0), listen(name)]);
  try {
    await mkdir(directory);
    await writeFile(canary, secret, { mode: 0o644 });
    const result = await runScript(
      walls,
      {
        ...{
          run: "self-test",
          stage: "self-test",
          script: SELF_TEST,
          runtime: "bash",
          directory,
          inputs: [],
          network: [],
        },
        env: { CANARY: canary, PORT: String(tcp.port), NAME: name.slice(1) },
        limits: LIMITS,
      },
      { signal: AbortSignal.timeout(10_000) },
    );
    const lines = result.stdout.trim().split("\n");
    const hits = lines.filter((line) => line.startsWith("OUT "));
    if (tcp.connections() + abstract.connections() > 0) hits.push("OUT a socket of the host");
    if (result.stdout.includes(secret)) hits.push("OUT a file of the host");
    if (hits.length > 0) return `the self-test got out: ${hits.map((line) => line.slice(4)).join(", ")}`;
    if (lines.at(-1) === "DONE" && result.outcome === "ok") return undefined;
    return `the self-test did not finish (${result.outcome}): ${result.stderr.trim().slice(0, 300) || "no message"}`;
  } catch (error) {
    return `the self-test could not start: ${(error as Error).message.slice(0, 300)}`;
  } finally {
    tcp.server.close();
    abstract.server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const SELF_TEST = `
out() { echo "OUT $1"; }
cat "$CANARY" 2>/dev/null && out "a file of the host"
(: < /etc/shadow) 2>/dev/null && out /etc/shadow
(: > /usr/regent-self-test) 2>/dev/null && out "writing to /usr"
(: > /proc/sys/kernel/core_pattern) 2>/dev/null && out core_pattern
(exec 9<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null && out "TCP to the host"
unshare --user true 2>/dev/null && out "a new user namespace"
tr '\\0' '\\n' < /proc/1/environ | grep -qvE '^(PWD|OLDPWD|SHLVL|_)=' && out "the environment of process 1"
set -- /proc/[0-9]*; [ $# -gt 12 ] && out "processes of the host"
grep -q '^Seccomp:[[:space:]]*2' /proc/self/status || out "system calls without a filter"
grep -q '^NoNewPrivs:[[:space:]]*1' /proc/self/status || out "new privileges"
grep -q '^CapEff:[[:space:]]*0*$' /proc/self/status || out capabilities
[ "$(ulimit -u)" = 32 ] || out "processes without a limit"
head -c 16777216 /dev/zero > /tmp/fill 2>/dev/null && out "a /tmp without a size"
(head -c 1 /dev/zero > /dev/regent-self-test) 2>/dev/null && out "a writable /dev"
if [ -x /usr/bin/perl ]; then /usr/bin/perl -e '
  use Socket; my $s;
  print "OUT AF_VSOCK\\n" if socket($s, 40, 1, 0);
  print "OUT AF_ALG\\n" if socket($s, 38, 5, 0);
  socket($s, PF_UNIX, SOCK_STREAM, 0);
  print "OUT an abstract socket\\n" if connect($s, pack_sockaddr_un("\\0$ENV{NAME}"));
  print "OUT the keyring\\n" if syscall($ARGV[0] eq "x64" ? 250 : 219, 0, -3, 0) >= 0;
' ${process.arch}; fi
echo DONE
`;

/** The self-test also speaks for the reasons why namespaces are closed, which only the kernel's settings name. */
function fixFor(trouble: string): string {
  const setting = (name: string) => readText(`/proc/sys/${name}`)?.trim();
  if (setting("kernel/unprivileged_userns_clone") === "0") return "Run: sysctl -w kernel.unprivileged_userns_clone=1";
  if (setting("user/max_user_namespaces") === "0") return "Run: sysctl -w user.max_user_namespaces=15000";
  if (setting("kernel/apparmor_restrict_unprivileged_userns") === "1") {
    return "Run: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or give bwrap an AppArmor profile with userns.";
  }
  if (/namespace|Operation not permitted|EPERM/.test(trouble)) {
    return "User namespaces are blocked here, as in most containers. Run the server outside, or allow unshare and mount in the container's seccomp and AppArmor profiles."; // biome-ignore format: a sentence
  }
  return "Scripts stay refused until it passes.";
}

async function versionOf(driver: Driver): Promise<string> {
  const { stdout } = await promisify(execFile)(driver.programs[0]!.path, ["--version"], { env: {} });
  return stdout.trim();
}

interface Listener {
  server: Server;
  port: number;
  connections(): number;
}

function listen(where: number | string): Promise<Listener> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.destroy();
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const ready = () => {
      const address = server.address();
      resolve({ server, port: typeof address === "object" && address ? address.port : 0, connections: () => count });
    };
    if (typeof where === "string") server.listen(where, ready);
    else server.listen(where, "127.0.0.1", ready);
  });
}
