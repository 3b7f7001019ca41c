/**
 * One started script and everything that it started: fed, listened to, stopped, and proved dead.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { setPriority } from "node:os";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { ControlGroup } from "./control-groups.ts";
import type { Command } from "./driver.ts";
import type { Launch } from "./launch.ts";
import type { Pipe } from "./pipes.ts";
import { identify, isRunning, listTree, type ProcessIdentity, readText, signal } from "./processes.ts";

const NICE = 10;
const PIPES_CLOSE_MS = 400;

export type Exit = { code: number | null } | { failure: Error };

export interface Surroundings {
  /** An open file. It belongs to the caller. */
  stdin: number | undefined;
  stdout: Pipe;
  stderr: Pipe;
  group: ControlGroup | undefined;
}

export class ScriptProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #group: ControlGroup | undefined;
  readonly #streams: Readable[];
  readonly #statusFd: number;
  #first: ProcessIdentity | undefined;
  #reported = false;
  #frozen = false;
  #afterThaw: (() => void)[] = [];
  #ended = false;

  constructor(start: Launch, command: Command, { stdin, stdout, stderr, group }: Surroundings) {
    const highest = Math.max(command.statusFd, ...command.feeds.keys());
    const [program = "", ...rest] = start.argv;
    this.#group = group;
    this.#statusFd = command.statusFd;
    this.#streams = [stdout, stderr].map(({ reader }) => reader);
    this.#child = spawn(program, rest, {
      env: {},
      cwd: "/",
      detached: true,
      stdio: [stdin ?? "ignore", stdout.writeFd, stderr.writeFd, ...Array<"pipe">(highest - 2).fill("pipe")],
      ...(start.uid === undefined ? {} : { uid: start.uid, gid: start.uid }),
    });
    for (const pipe of [stdout, stderr]) pipe.closeWriter();
    this.exited = new Promise((resolve) => {
      const end = (exit: Exit) => {
        this.#ended = true;
        resolve(exit);
      };
      this.#child.once("exit", (code) => end({ code }));
      this.#child.once("error", (failure) => end({ failure }));
    });
    if (this.#child.pid === undefined) return;
    for (const [fd, bytes] of command.feeds) {
      if (fd !== command.answerFd) feed(this.#pipe(fd) as Writable, bytes);
      else (this.#pipe(fd) as Readable).once("data", () => this.#whenThawed(() => this.#letGo(fd, bytes)));
    }
    this.#readStatus(this.#pipe(command.statusFd) as Readable);
  }

  onOutput(listener: (chunk: Buffer, stream: "stdout" | "stderr") => void): void {
    const [stdout, stderr] = this.#streams;
    stdout?.on("data", (chunk: Buffer) => listener(chunk, "stdout"));
    stderr?.on("data", (chunk: Buffer) => listener(chunk, "stderr"));
  }

  /** The sandbox's first process; when it is dead, the kernel has ended all others. */
  get first(): number | undefined {
    this.#first ??= this.#findFirst();
    return this.#first?.pid;
  }

  /** Whether the walls stood and the script's own end is what the exit code tells. Known after `settle`. */
  get reported(): boolean {
    return this.#reported;
  }

  list(): number[] {
    return this.first === undefined || this.#ended ? [] : listTree(this.first);
  }

  kill(): void {
    if (this.#group) this.#group.kill();
    if (this.#ended || this.#child.pid === undefined) return;
    if (this.first !== undefined) {
      signal(this.first, "SIGKILL");
      return;
    }
    signal(this.#child.pid, "SIGSTOP"); // the walls are still being built: nobody may be born while we count
    for (const pid of listTree(this.#child.pid).reverse()) signal(pid, "SIGKILL");
  }

  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    if (!frozen) for (const work of this.#afterThaw.splice(0)) work();
    if (this.#group) {
      this.#group.freeze(frozen);
      return;
    }
    if (!frozen) {
      for (const pid of this.list()) signal(pid, "SIGCONT");
      return;
    }
    // A process may start another while we walk; a walk that finds nobody new has them all.
    for (let stopped = new Set<number>(), before = -1; stopped.size !== before; ) {
      before = stopped.size;
      stopped = new Set([...stopped, ...this.list()]);
      for (const pid of stopped) signal(pid, "SIGSTOP");
    }
  }

  /** After the exit: waits until nothing of the run is alive and the output has been read. */
  async settle(): Promise<void> {
    this.#group?.kill();
    for (let waited = 0; this.#first && isRunning(this.#first); waited += 1) {
      if (waited === 50) signal(this.#first.pid, "SIGKILL");
      await delay(waited < 20 ? 1 : 10);
    }
    const status = this.#pipe(this.#statusFd) as Readable;
    const open = [...this.#streams, status].filter((stream) => stream && !stream.readableEnded);
    const closed = Promise.all(open.map((stream) => new Promise((resolve) => stream?.once("close", resolve))));
    await Promise.race([closed, delay(PIPES_CLOSE_MS, undefined, { ref: false })]);
    for (const stream of [...this.#streams, ...this.#child.stdio]) stream?.destroy();
  }

  /** A script that is frozen before it began is simply not let go. */
  #whenThawed(work: () => void): void {
    if (this.#frozen) this.#afterThaw.push(work);
    else work();
  }

  /** The walls are built at the server's own pace; from here on the script comes second. */
  #letGo(fd: number, environment: Uint8Array): void {
    for (const pid of this.list()) lowerPriority(pid);
    feed(this.#pipe(fd) as Writable, environment);
  }

  #pipe(fd: number): Readable | Writable | null | undefined {
    return this.#child.stdio[fd as 0];
  }

  #findFirst(): ProcessIdentity | undefined {
    if (this.#ended || this.#child.pid === undefined) return undefined;
    const first = listTree(this.#child.pid).find((pid) => isFirstOfNamespace(pid));
    return first === undefined ? undefined : identify(first);
  }

  #readStatus(status: Readable): void {
    let text = "";
    status.on("error", () => undefined);
    status.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      const pid = /"child-pid": (\d+)/.exec(text)?.[1];
      if (pid) this.#first ??= identify(Number(pid));
      if (text.includes('"exit-code"')) this.#reported = true;
    });
  }
}

const isFirstOfNamespace = (pid: number): boolean =>
  /^NSpid:\t\d+\t(\d+\t)*1$/m.test(readText(`/proc/${pid}/status`) ?? "");

function feed(pipe: Writable, bytes: Uint8Array): void {
  pipe.on("error", () => undefined); // it ended without reading to the end; its exit says why
  pipe.end(bytes);
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICE);
  } catch {
    // It has ended already.
  }
}
