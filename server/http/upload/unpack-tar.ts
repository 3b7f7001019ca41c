import { createWriteStream } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createByteReader } from "./byte-reader.ts";
import { refuseUpload, toSafePath } from "./safe-path.ts";

const BLOCK = 512;
const HEADER_TEXT_MAX = 1_000_000;

/**
 * Unpacks a tar (ustar, pax and GNU long names) into an empty folder. Links are made after everything else, so that
 * no file is ever written through one; devices and hard links are refused.
 */
export async function unpackTar(source: AsyncIterable<Buffer>, folder: string, filesMax: number): Promise<void> {
  const bytes = createByteReader(source);
  const links: { path: string; target: string }[] = [];
  let extended: Record<string, string> = {};
  let count = 0;

  for (;;) {
    const block = await bytes.take(BLOCK);
    if (block === null || block.every((byte) => byte === 0)) break;
    const header = parseHeader(block);
    const padding = (BLOCK - (header.size % BLOCK)) % BLOCK;

    if (header.type === "x" || header.type === "g" || header.type === "L" || header.type === "K") {
      if (header.size > HEADER_TEXT_MAX) throw refuseUpload("A tar header is too long.");
      const text = (await takeAll(bytes, header.size)).toString("utf8");
      if (header.type === "x") extended = { ...extended, ...parsePax(text) };
      if (header.type === "L") extended.path = text.replace(/\0+$/, "");
      if (header.type === "K") extended.linkpath = text.replace(/\0+$/, "");
      await takeAll(bytes, padding);
      continue;
    }

    if (++count > filesMax) throw refuseUpload(`More than ${filesMax} files.`);
    const size = extended.size === undefined ? header.size : Number(extended.size);
    const name = extended.path ?? header.path;
    const target = extended.linkpath ?? header.target;
    extended = {};
    const path = toSafePath(name);
    if (header.type === "5") {
      if (path !== "") await mkdir(join(folder, path), { recursive: true });
    } else if (header.type === "0" || header.type === "7") {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      const mode = header.mode & 0o100 ? 0o755 : 0o644;
      const file = createWriteStream(join(folder, path), { flags: "wx", mode });
      await pipeline(Readable.from(bytes.stream(size)), file).catch((error) => {
        throw error.code === "EEXIST" || error.code === "EISDIR"
          ? refuseUpload(`${path} stands in the tar twice.`)
          : error;
      });
    } else if (header.type === "2") {
      links.push({ path, target });
    } else throw refuseUpload(`${path} is neither a file nor a folder nor a symbolic link.`);
    await takeAll(bytes, (BLOCK - (size % BLOCK)) % BLOCK);
  }

  await bytes.drain();
  for (const { path, target } of links) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(target, join(folder, path)).catch((error) => {
      throw error.code === "EEXIST" ? refuseUpload(`${path} stands in the tar twice.`) : error;
    });
  }
}

async function takeAll(bytes: ReturnType<typeof createByteReader>, count: number): Promise<Buffer> {
  const taken = count === 0 ? Buffer.alloc(0) : await bytes.take(count);
  if (taken === null) throw refuseUpload("The tar ends early.");
  return taken;
}

function parseHeader(block: Buffer) {
  const text = (start: number, length: number) => {
    const part = block.subarray(start, start + length);
    const end = part.indexOf(0);
    return part.subarray(0, end < 0 ? length : end).toString("utf8");
  };
  const number = (start: number, length: number) => {
    // GNU writes sizes above 8 GB in base 256; that is over every limit here.
    const value = Number.parseInt(text(start, length).trim() || "0", 8);
    if (!Number.isSafeInteger(value) || value < 0) throw refuseUpload("This is not a tar.");
    return value;
  };
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : block[i]!;
  if (sum !== number(148, 8)) throw refuseUpload("This is not a tar.");
  const prefix = text(257, 5) === "ustar" ? text(345, 155) : "";
  return {
    path: prefix ? `${prefix}/${text(0, 100)}` : text(0, 100),
    mode: number(100, 8),
    size: number(124, 12),
    type: block[156] === 0 ? "0" : String.fromCharCode(block[156]!),
    target: text(157, 100),
  };
}

/** `27 path=some/long/name\n` … */
function parsePax(text: string): Record<string, string> {
  const values: Record<string, string> = Object.create(null);
  for (const match of text.matchAll(/\d+ (path|linkpath|size)=([^\n]*)\n/g)) values[match[1]!] = match[2]!;
  return values;
}
