/**
 * The system call filter as a program for the kernel's classic BPF machine, written byte by byte, so that no native
 * code is needed. bubblewrap and the userns loader read it from a descriptor.
 *
 * `struct sock_filter { u16 code; u8 jumpIfTrue; u8 jumpIfFalse; u32 k }`, little endian on both machines.
 * The kernel hands the program: call number at 0, machine at 4, low word of argument i at 16 + 8 i.
 */
import { createHash } from "node:crypto";
import { type Architecture, syscallsOf } from "./syscalls.ts";

const LOAD = 0x20;
const EQUAL = 0x15;
const AT_LEAST = 0x35;
const ANY_BIT = 0x45;
const AND = 0x54;
const RETURN = 0x06;

const errno = (number: number) => (0x0005_0000 | number) >>> 0;
const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const EPERM = errno(1);
const ENOSYS = errno(38);
const EAFNOSUPPORT = errno(97);

const MACHINE = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
const X32_BIT = 0x4000_0000;
const CLONE_NEW_ANYTHING = 0x7e02_0000;
const [AF_UNIX, AF_INET, AF_INET6] = [1, 2, 10];
const [SOCK_RAW, SOCK_PACKET] = [3, 10];
const TERMINAL_INJECTION = [0x5412, 0x541c, 0x541d, 0x5423]; // TIOCSTI TIOCLINUX TIOCCONS TIOCSETD
const SET_ID_BITS = 0o6000;

export interface Filter {
  program: Buffer;
  digest: string;
}

/** Memory that belongs to no process: only a control group can count it, so without one it is not to be had. */
const UNCOUNTED = ["memfd_create", "shmget", "msgget", "semget", "mq_open"];

/** @throws RangeError on a machine that has no table */
export function createFilter(architecture: string, countsMemory: boolean): Filter {
  if (architecture !== "x64" && architecture !== "arm64") throw new RangeError(`no filter for ${architecture}`);
  const program = compile(architecture, countsMemory ? [] : UNCOUNTED);
  return { program, digest: `sha256:${createHash("sha256").update(program).digest("hex")}` };
}

function compile(architecture: Architecture, without: string[]): Buffer {
  const { allow, refuse, byArgument } = syscallsOf(architecture);
  for (const name of without) allow.delete(name);
  const code = new Program();
  code.load(4).when(EQUAL, MACHINE[architecture], 1, 0).give(KILL).load(0);
  if (architecture === "x64") code.when(AT_LEAST, X32_BIT, 0, 1).give(KILL);

  const rule = (name: string, body: () => void) => {
    const number = byArgument.get(name);
    if (number !== undefined) code.block(number, body);
  };
  const argument = (index: number) => code.load(16 + 8 * index);
  const refuseBits = (index: number, bits: number) => () =>
    argument(index).when(ANY_BIT, bits, 0, 1).give(EPERM).give(ALLOW);

  rule("clone", refuseBits(0, CLONE_NEW_ANYTHING));
  rule("clone3", () => code.give(ENOSYS)); // its flags are behind a pointer, which a filter cannot read
  rule("socket", () => {
    argument(0).when(EQUAL, AF_UNIX, 3, 0).when(EQUAL, AF_INET, 2, 0).when(EQUAL, AF_INET6, 1, 0).give(EAFNOSUPPORT);
    argument(1).and(0xf).when(EQUAL, SOCK_RAW, 0, 1).give(EPERM).when(EQUAL, SOCK_PACKET, 0, 1).give(EPERM).give(ALLOW);
  });
  rule("socketpair", () => argument(0).when(EQUAL, AF_UNIX, 1, 0).give(EAFNOSUPPORT).give(ALLOW));
  rule("ioctl", () => {
    argument(1); // the kernel looks at the low 32 bits only, and so does this
    for (const request of TERMINAL_INJECTION) code.when(EQUAL, request, 0, 1).give(EPERM);
    code.give(ALLOW);
  });
  const noDevices = (index: number) => () =>
    argument(index).and(0xf000).when(EQUAL, 0x2000, 2, 0).when(EQUAL, 0x6000, 1, 0).give(ALLOW).give(EPERM);
  rule("mknod", noDevices(1));
  rule("mknodat", noDevices(2));
  rule("chmod", refuseBits(1, SET_ID_BITS));
  rule("fchmod", refuseBits(1, SET_ID_BITS));
  rule("fchmodat", refuseBits(2, SET_ID_BITS));
  rule("fchmodat2", refuseBits(2, SET_ID_BITS));
  rule("personality", () => argument(0).when(EQUAL, 0, 1, 0).when(EQUAL, 0xffff_ffff, 0, 1).give(ALLOW).give(EPERM));

  code
    .ranges([...allow.values()], ALLOW)
    .ranges([...refuse.values()], EPERM)
    .give(ENOSYS);
  return code.bytes();
}

class Program {
  #instructions: { code: number; ifTrue: number; ifFalse: number; k: number }[] = [];

  load(offset: number): this {
    return this.#add(LOAD, offset);
  }

  and(mask: number): this {
    return this.#add(AND, mask);
  }

  when(code: number, k: number, ifTrue: number, ifFalse: number): this {
    return this.#add(code, k, ifTrue, ifFalse);
  }

  give(verdict: number): this {
    return this.#add(RETURN, verdict);
  }

  /** `body` runs for this call number only, and must end in a verdict. */
  block(number: number, body: () => void): this {
    this.#add(EQUAL, number);
    const start = this.#instructions.length;
    body();
    this.#instructions[start - 1]!.ifFalse = this.#instructions.length - start;
    return this;
  }

  ranges(numbers: number[], verdict: number): this {
    const ranges: { from: number; to: number }[] = [];
    for (const number of numbers.toSorted((a, b) => a - b)) {
      const last = ranges.at(-1);
      if (last && last.to === number - 1) last.to = number;
      else ranges.push({ from: number, to: number });
    }
    for (const { from, to } of ranges) {
      if (from === to) this.when(EQUAL, from, 0, 1);
      else this.when(AT_LEAST, from, 0, 2).when(AT_LEAST, to + 1, 1, 0);
      this.give(verdict);
    }
    return this;
  }

  bytes(): Buffer {
    const bytes = Buffer.alloc(this.#instructions.length * 8);
    this.#instructions.forEach(({ code, ifTrue, ifFalse, k }, index) => {
      bytes.writeUInt16LE(code, index * 8);
      bytes.writeUInt8(ifTrue, index * 8 + 2);
      bytes.writeUInt8(ifFalse, index * 8 + 3);
      bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
    });
    return bytes;
  }

  #add(code: number, k: number, ifTrue = 0, ifFalse = 0): this {
    this.#instructions.push({ code, k, ifTrue, ifFalse });
    return this;
  }
}
