import { deepEqual, equal, throws } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { createFilter } from "./seccomp.ts";
import { type Architecture, syscallsOf } from "./syscalls.ts";

const MACHINE = { x64: 0xc000003e, arm64: 0xc00000b7 };
const VERDICTS: Record<number, string> = {
  2147418112: "allow",
  2147483648: "kill",
  327681: "EPERM",
  327718: "ENOSYS",
  327777: "EAFNOSUPPORT",
};
const X64_HEADER = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h";
const BOTH: Architecture[] = ["x64", "arm64"];

test("every call of the tables gets the verdict of its table", () => {
  for (const architecture of BOTH) {
    const ask = asker(architecture);
    const { allow, refuse } = syscallsOf(architecture);
    for (const [name, number] of allow) equal(ask(number), "allow", `${architecture} ${name}`);
    for (const [name, number] of refuse) equal(ask(number), "EPERM", `${architecture} ${name}`);
  }
});

test("a call in no table does not exist, so that libraries fall back", () => {
  for (const architecture of BOTH) {
    const ask = asker(architecture);
    const { allow, refuse, byArgument } = syscallsOf(architecture);
    const known = new Set([allow, refuse, byArgument].flatMap((table) => [...table.values()]));
    for (let number = 0; number < 1024; number += 1) {
      if (!known.has(number)) equal(ask(number), "ENOSYS", `${architecture} ${number}`);
    }
  }
});

test("no call is in two tables, and no number has two names", () => {
  for (const architecture of BOTH) {
    const { allow, refuse, byArgument } = syscallsOf(architecture);
    const numbers = [allow, refuse, byArgument].flatMap((table) => [...table.values()]);
    equal(new Set(numbers).size, numbers.length);
    deepEqual([allow.size, refuse.size], architecture === "x64" ? [276, 70] : [256, 63]);
  }
});

test("the numbers are those of the kernel's own tables", { skip: !existsSync(X64_HEADER) && "no headers" }, () => {
  const { allow, refuse, byArgument } = syscallsOf("x64");
  const header = readFileSync(X64_HEADER, "utf8");
  for (const [name, number] of [...allow, ...refuse, ...byArgument]) {
    const there = new RegExp(`#define __NR_${name} (\\d+)`).exec(header)?.[1];
    if (there !== undefined) equal(number, Number(there), name);
  }
});

test("another machine's calls and the x32 calls end the process", () => {
  equal(asker("x64")(0, [], MACHINE.arm64), "kill");
  equal(asker("arm64")(0, [], MACHINE.x64), "kill");
  equal(asker("x64")(0x4000_0000), "kill");
  equal(asker("x64")(0x4000_0000 + 16), "kill");
});

test("clone may start threads and processes but no namespace, and clone3 hides its flags, so it does not exist", () => {
  for (const architecture of BOTH) {
    const ask = asker(architecture);
    const number = numberOf(architecture);
    equal(ask(number("clone"), [0x3d0f00n]), "allow", "a thread");
    equal(ask(number("clone"), [17n]), "allow", "fork");
    for (const flag of [0x02000000n, 0x04000000n, 0x08000000n, 0x10000000n, 0x20000000n, 0x40000000n, 0x00020000n]) {
      equal(ask(number("clone"), [flag | 17n]), "EPERM", flag.toString(16));
    }
    equal(ask(number("clone3"), [0n]), "ENOSYS");
  }
});

test("sockets are local, IPv4 or IPv6, and never raw", () => {
  for (const architecture of BOTH) {
    const ask = asker(architecture);
    const socket = numberOf(architecture)("socket");
    for (let family = 0n; family < 64n; family += 1n) {
      equal(ask(socket, [family, 1n]), [1n, 2n, 10n].includes(family) ? "allow" : "EAFNOSUPPORT", `family ${family}`);
    }
    equal(ask(socket, [2n, 3n]), "EPERM", "SOCK_RAW");
    equal(ask(socket, [2n, 10n]), "EPERM", "SOCK_PACKET");
    equal(ask(socket, [2n, 3n | 0x80000n]), "EPERM", "SOCK_RAW | SOCK_CLOEXEC");
    equal(ask(socket, [1n, 1n | 0x80800n]), "allow");
    const pair = numberOf(architecture)("socketpair");
    equal(ask(pair, [1n, 1n]), "allow");
    equal(ask(pair, [2n, 1n]), "EAFNOSUPPORT");
  }
});

/** The kernel compares the low 32 bits of an ioctl request; a filter that looked at all 64 could be walked around. */
test("nothing can be typed into a terminal, whatever the upper half of the request says", () => {
  for (const architecture of BOTH) {
    const ask = asker(architecture);
    const ioctl = numberOf(architecture)("ioctl");
    for (const request of [0x5412n, 0x541cn, 0x541dn, 0x5423n]) {
      equal(ask(ioctl, [0n, request]), "EPERM");
      equal(ask(ioctl, [0n, request | 0x1_0000_0000n]), "EPERM");
    }
    equal(ask(ioctl, [0n, 0x5401n]), "allow");
  }
});

test("no device nodes, no set-id bits, no strange personalities", () => {
  for (const architecture of BOTH) {
    const ask = asker(architecture);
    const number = numberOf(architecture);
    equal(ask(number("mknodat"), [0n, 0n, 0o020666n]), "EPERM", "character device");
    equal(ask(number("mknodat"), [0n, 0n, 0o060666n]), "EPERM", "block device");
    equal(ask(number("mknodat"), [0n, 0n, 0o010666n]), "allow", "pipe");
    equal(ask(number("fchmod"), [0n, 0o4755n]), "EPERM");
    equal(ask(number("fchmod"), [0n, 0o2755n]), "EPERM");
    equal(ask(number("fchmod"), [0n, 0o1777n]), "allow");
    equal(ask(number("fchmodat"), [0n, 0n, 0o4755n]), "EPERM");
    equal(ask(number("fchmodat2"), [0n, 0n, 0o4755n]), "EPERM");
    equal(ask(number("personality"), [0n]), "allow");
    equal(ask(number("personality"), [0xffffffffn]), "allow");
    equal(ask(number("personality"), [0x0040000n]), "EPERM", "no address randomisation");
  }
  equal(asker("x64")(90, [0n, 0o4755n]), "EPERM", "chmod");
  equal(asker("x64")(133, [0n, 0o020666n]), "EPERM", "mknod");
});

test("without a control group, memory that belongs to no process is not to be had", () => {
  const number = numberOf("x64");
  for (const name of ["memfd_create", "shmget", "msgget", "semget", "mq_open"]) {
    equal(asker("x64")(number(name)), "allow", name);
    equal(asker("x64", false)(number(name)), "ENOSYS", name);
  }
});

test("a machine without a table gets no filter", () => {
  throws(() => createFilter("riscv64", true), RangeError);
});

const numberOf = (architecture: Architecture) => {
  const { allow, refuse, byArgument } = syscallsOf(architecture);
  return (name: string) => byArgument.get(name) ?? allow.get(name) ?? refuse.get(name) ?? Number.NaN;
};

/** Runs the program as the kernel's classic BPF machine would. */
function asker(architecture: Architecture, countsMemory = true) {
  const { program } = createFilter(architecture, countsMemory);
  return (call: number, args: bigint[] = [], machine: number = MACHINE[architecture]): string => {
    const data = Buffer.alloc(64);
    data.writeUInt32LE(call, 0);
    data.writeUInt32LE(machine, 4);
    for (const [index, value] of args.entries()) data.writeBigUInt64LE(value, 16 + 8 * index);
    let accumulator = 0;
    for (let at = 0; ; at += 1) {
      const [code, ifTrue, ifFalse] = [program.readUInt16LE(at * 8), program[at * 8 + 2]!, program[at * 8 + 3]!];
      const k = program.readUInt32LE(at * 8 + 4);
      if (code === 0x06) return VERDICTS[k] ?? `verdict ${k.toString(16)}`;
      if (code === 0x20) accumulator = data.readUInt32LE(k);
      else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
      else if (code === 0x15) at += accumulator === k ? ifTrue : ifFalse;
      else if (code === 0x35) at += accumulator >= k ? ifTrue : ifFalse;
      else if (code === 0x45) at += (accumulator & k) >>> 0 !== 0 ? ifTrue : ifFalse;
      else throw new Error(`instruction ${code.toString(16)}`);
    }
  };
}
