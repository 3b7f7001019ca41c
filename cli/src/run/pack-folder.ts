import { createReadStream } from "node:fs";
import { lstat, opendir, readlink } from "node:fs/promises";
import { join } from "node:path";

const BLOCK = 512;

/**
 * A tar of what lies in a folder: files, folders, symbolic links as links. Everything else is left out, and so is
 * `without`, a path relative to the folder.
 */
export async function* packFolder(folder: string, without?: string): AsyncGenerator<Buffer> {
  yield* packEntries(folder, "", without);
  yield Buffer.alloc(BLOCK * 2);
}

async function* packEntries(folder: string, prefix: string, without: string | undefined): AsyncGenerator<Buffer> {
  for await (const { name } of await opendir(join(folder, prefix))) {
    const path = prefix === "" ? name : `${prefix}/${name}`;
    if (path === without) continue;
    const stats = await lstat(join(folder, path));
    if (stats.isDirectory()) {
      yield* toHeader({ path: `${path}/`, type: "5", mode: 0o755, size: 0 });
      yield* packEntries(folder, path, without);
    } else if (stats.isSymbolicLink()) {
      yield* toHeader({ path, type: "2", mode: 0o777, size: 0, target: await readlink(join(folder, path)) });
    } else if (stats.isFile()) {
      yield* toHeader({ path, type: "0", mode: stats.mode & 0o111 ? 0o755 : 0o644, size: stats.size });
      yield* packContent(join(folder, path), stats.size);
    }
  }
}

/** Exactly `size` bytes, also when the file grows or shrinks meanwhile: the header has said so already. */
async function* packContent(path: string, size: number): AsyncGenerator<Buffer> {
  let sent = 0;
  if (size > 0)
    for await (const chunk of createReadStream(path, { end: size - 1 }) as AsyncIterable<Buffer>) {
      sent += chunk.length;
      yield chunk;
    }
  if (sent < size) throw new Error(`${path} became shorter while it was sent.`);
  if (size % BLOCK > 0) yield Buffer.alloc(BLOCK - (size % BLOCK));
}

interface Entry {
  path: string;
  type: "0" | "2" | "5";
  mode: number;
  size: number;
  target?: string;
}

/** Names that do not fit go into a pax header before. */
function* toHeader(entry: Entry): Generator<Buffer> {
  const long = [
    ...(Buffer.byteLength(entry.path) > 100 ? [["path", entry.path] as const] : []),
    ...(Buffer.byteLength(entry.target ?? "") > 100 ? [["linkpath", entry.target!] as const] : []),
  ];
  if (long.length > 0) {
    const text = Buffer.from(long.map(([name, value]) => toPaxRecord(name, value)).join(""));
    yield toBlock({ path: "PaxHeader", type: "x", mode: 0o644, size: text.length });
    yield Buffer.concat([text, Buffer.alloc((BLOCK - (text.length % BLOCK)) % BLOCK)]);
  }
  yield toBlock(entry);
}

/** `27 path=…\n`, where 27 counts its own digits as well. */
function toPaxRecord(name: string, value: string): string {
  const rest = ` ${name}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (length !== Buffer.byteLength(rest) + String(length).length)
    length = Buffer.byteLength(rest) + String(length).length;
  return `${length}${rest}`;
}

function toBlock(entry: Omit<Entry, "type"> & { type: string }): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, "0");
  Buffer.from(entry.path).copy(block, 0, 0, 100);
  block.write(octal(entry.mode, 8), 100, "latin1");
  block.write(octal(0, 8), 108, "latin1");
  block.write(octal(0, 8), 116, "latin1");
  block.write(octal(entry.size, 12), 124, "latin1");
  block.write(octal(0, 12), 136, "latin1");
  block.fill(0x20, 148, 156);
  block.write(entry.type, 156, "latin1");
  Buffer.from(entry.target ?? "").copy(block, 157, 0, 100);
  block.write("ustar\u000000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148, "latin1");
  return block;
}
