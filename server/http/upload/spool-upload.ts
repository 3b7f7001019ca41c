import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as WebReadableStream } from "node:stream/web";
import { fail, isErrorCode } from "@regent/contract";
import type { Random } from "#platform";
import { toSafePath } from "./safe-path.ts";
import { unpackForm } from "./unpack-form.ts";
import { unpackTar } from "./unpack-tar.ts";

/** An upload on this disk, whole; `dispose` removes it. */
export interface Upload {
  path: string;
  kind: "file" | "folder";
  /** What the sender calls it. */
  name?: string;
  /** Of all bytes as they came. */
  digest: string;
  dispose(): Promise<void>;
}

export interface SpoolOptions {
  /** What a raw body is called; it becomes the file's name. */
  name?: string;
  folder: string;
  random: Random;
  bytesMax: number;
  filesMax: number;
}

/**
 * Writes a request's body to disk as it comes: memory stays flat whatever its size.
 * @throws payload_too_large, unsupported_media_type, invalid_input
 */
export async function spoolUpload(request: Request, options: SpoolOptions): Promise<Upload> {
  const tooLarge = () => fail("payload_too_large", { limit: `${Math.floor(options.bytesMax / 1_000_000)} MB` });
  if (Number(request.headers.get("content-length") ?? 0) > options.bytesMax) throw tooLarge();
  const type = request.headers.get("content-type") ?? "application/octet-stream";
  const folder = join(options.folder, `upload-${Buffer.from(options.random(9)).toString("hex")}`);
  const dispose = () => rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });

  try {
    const hash = createHash("sha256");
    let size = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        hash.update(chunk);
        if (size > options.bytesMax) done(tooLarge());
        else done(null, chunk);
      },
    });
    const source = request.body ? Readable.fromWeb(request.body as WebReadableStream) : Readable.from([]);
    const unpacked = await unpack(type, folder, options, (target) => pipeline(source, counted, target));
    return { ...unpacked, digest: hash.digest("hex"), dispose };
  } catch (error) {
    await dispose();
    throw toUploadError(error);
  }
}

type Send = (target: (source: AsyncIterable<Buffer>) => Promise<void>) => Promise<void>;

async function unpack(
  type: string,
  folder: string,
  options: SpoolOptions,
  send: Send,
): Promise<Pick<Upload, "path" | "kind" | "name">> {
  const content = join(folder, "content");
  const [mime] = type.toLowerCase().split(";");
  if (mime === "application/x-tar") {
    await mkdir(content);
    await send((source) => unpackTar(source, content, options.filesMax));
    return { path: content, kind: "folder" };
  }
  if (mime === "multipart/form-data") {
    await mkdir(content);
    let form: Awaited<ReturnType<typeof unpackForm>> | undefined;
    await send(async (source) => {
      form = await unpackForm(source, type, content, options.filesMax);
    });
    return form!;
  }
  if (mime?.startsWith("multipart/"))
    throw fail("unsupported_media_type", { expected: "raw bytes, form-data or a tar" });
  await mkdir(content);
  const file = join(content, toSafePath(options.name ?? "file") || "file");
  await send(async (source) => pipeline(source, createWriteStream(file, { flags: "wx" })));
  return { path: file, kind: "file" };
}

/** A client that goes away in the middle is its own doing, not an error of ours. */
const toUploadError = (error: unknown): unknown =>
  isErrorCode((error as { code?: string }).code ?? "")
    ? error
    : ["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET", "ABORT_ERR"].includes((error as { code?: string }).code ?? "")
      ? fail("invalid_input", { errors: [{ pointer: "", message: "The upload ended early." }] }, error)
      : error;

const LEFTOVER_MS = 86_400_000;

/** What a crash left half uploaded. Other processes may share the folder: only what is a day old goes. */
export async function removeLeftovers(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats && stats.mtimeMs < now - LEFTOVER_MS) await rm(path, { recursive: true, force: true });
  }
}
