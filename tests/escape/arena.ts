/** What a script could reach if it got out: files, listeners, a process, shared memory. All of it tells afterwards. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";

/** Stands in the server's environment, where no script may see it. */
const MARK = "REGENT_SERVER_SECRET";

export type Arena = Awaited<ReturnType<typeof createArena>>;

export async function createArena(place: string) {
  const token = String(randomInt(1e9, 1e10 - 1));
  const folder = join(place, `regent-arena-${token}`);
  const secret = `secret-${randomInt(2 ** 47)}`;
  const given = `given-${randomInt(2 ** 47)}`;
  mkdirSync(join(folder, "other-run"), { recursive: true });
  const write = (name: string, text: string, mode: number) => {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), mode);
    return join(folder, name);
  };
  const canary = write("canary.txt", secret, 0o644);
  const target = write("target.txt", "untouched", 0o666);
  write("other-run/secret.txt", secret, 0o644);
  mkdirSync(join(place, `regent-input-${token}`));
  const input = join(place, `regent-input-${token}`, "order.txt");
  writeFileSync(input, "given");
  chmodSync(input, 0o666);

  let visitors = 0;
  const onVisit = () => visitors++;
  const [tcp, unix, abstract, free] = [server(onVisit), server(onVisit), server(onVisit), server(onVisit)];
  await listen(tcp, { port: 0, host: "::" });
  await listen(unix, { path: join(folder, "socket") });
  chmodSync(join(folder, "socket"), 0o666);
  await listen(abstract, { path: `\0regent-${token}` });
  await listen(free, { port: 0, host: "127.0.0.1" });
  const freePort = portOf(free);
  await new Promise((resolve) => free.close(resolve));
  const udp = createSocket("udp4").on("message", onVisit);
  await new Promise<void>((resolve) => udp.bind(0, "0.0.0.0", resolve));

  const victim = spawn("sleep", ["600"], { argv0: `${token}-victim`, stdio: "ignore" });
  const segment = makeSegment();
  const owner = statSync(canary).uid;
  process.env[MARK] = secret;

  return {
    folder,
    token,
    secret,
    given,
    input,
    /** The uid that no script may have. As an ordinary user there is none: the run's user is the server's own. */
    forbiddenUid: process.getuid?.() === 0 ? 0 : -1,
    directory: "",
    audit: "",
    env: {
      ...{ ARENA: folder, TOKEN: token, MARK, VICTIM: String(victim.pid), SERVER: String(process.pid) },
      ...{ TCP_PORT: String(portOf(tcp)), UDP_PORT: String(udp.address().port), FREE_PORT: String(freePort) },
      ...{ ABSTRACT: `regent-${token}`, SHM_KEY: String(segment?.key ?? 1), HOSTNAME_OF_HOST: hostname() },
      ADDRESSES: ownAddresses().join(" "),
    } as Record<string, string>,

    visitors: () => visitors,
    targetText: () => readFileSync(target, "utf8"),
    inputText: () => readFileSync(input, "utf8"),
    hasChangedOwner: () => [canary, target, folder].some((path) => statSync(path).uid !== owner),
    list: () => readdirSync(folder),
    ownerOf: (directory: string, name: string) => statSync(join(directory, name)).uid,
    hasSetIdFile: (directory: string) =>
      readdirSync(directory).some((name) => (statSync(join(directory, name)).mode & 0o6000) !== 0),
    isVictimAlive: () => victim.exitCode === null && victim.signalCode === null && isListed(victim),
    lastAudit() {
      return this.audit;
    },
    plant(name: string, text: string) {
      writeFileSync(join(this.directory, name), text, { mode: 0o644 });
    },
    canReachFreePort: () => canConnect(freePort),
    commandLinesWith: async (text: string) => {
      for (let look = 0; look < 5; look += 1) {
        const seen = commandLines().filter(({ line }) => line.includes(text));
        if (seen.length > 0) return [`a value stands in a command line: ${seen[0]!.line.slice(0, 80)}`];
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      return [];
    },
    /** Processes of the script that outlived it. They are ended here, so that the next case starts clean. */
    survivors() {
      const left = commandLines().filter(({ pid, line }) => line.includes(token) && pid !== victim.pid);
      for (const { pid } of left) process.kill(pid, "SIGKILL");
      return left.map(({ line }) => `survivor: ${line.slice(0, 60)}`);
    },
    restore() {
      writeFileSync(target, "untouched");
      writeFileSync(input, "given");
    },
    close() {
      victim.kill("SIGKILL");
      for (const each of [tcp, unix, abstract]) each.close();
      udp.close();
      if (segment) execFileSync("ipcrm", ["-m", segment.id]);
    },
  };
}

const server = (onVisit: () => void): Server =>
  createServer((socket) => {
    onVisit();
    socket.on("error", () => undefined).destroy();
  });

const listen = (each: Server, where: { port?: number; host?: string; path?: string }) =>
  new Promise<void>((resolve, reject) => each.once("error", reject).listen(where, resolve));

const portOf = (each: Server): number => {
  const address = each.address();
  return typeof address === "object" && address ? address.port : 0;
};

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flat()
    .flatMap((each) => (each && each.family === "IPv4" && !each.internal ? [each.address] : []));

const canConnect = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).on("error", () => resolve(false));
  });

const isListed = (child: ChildProcess): boolean => commandLines().some(({ pid }) => pid === child.pid);

function commandLines(): { pid: number; line: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        return [{ pid: Number(name), line: readFileSync(`/proc/${name}/cmdline`, "utf8") }];
      } catch {
        return [];
      }
    });
}

/** A segment that everybody on the machine may attach. */
function makeSegment(): { id: string; key: number } | undefined {
  try {
    const id = /(\d+)\s*$/.exec(execFileSync("ipcmk", ["-M", "4096", "-p", "0666"], { encoding: "utf8" }))?.[1] ?? "";
    const line = readFileSync("/proc/sysvipc/shm", "utf8")
      .split("\n")
      .find((each) => each.trim().split(/\s+/)[1] === id);
    return { id, key: Number(line?.trim().split(/\s+/)[0]) };
  } catch {
    return undefined;
  }
}
