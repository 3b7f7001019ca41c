import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createByteReader } from "./byte-reader.ts";
import { refuseUpload, toSafePath } from "./safe-path.ts";
import type { Upload } from "./spool-upload.ts";

const HEADER_BYTES_MAX = 16_000;

/**
 * Unpacks `multipart/form-data` (RFC 7578) into an empty folder. One part with a file name is a file; several, or one
 * whose name has a folder in it, are a folder by those names.
 */
export async function unpackForm(
  source: AsyncIterable<Buffer>,
  contentType: string,
  folder: string,
  filesMax: number,
): Promise<Pick<Upload, "path" | "kind" | "name">> {
  const boundary = /boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType);
  if (!boundary) throw refuseUpload("The form has no boundary.");
  const bytes = createByteReader(prefixed(source));
  const mark = Buffer.from(`\r\n--${boundary[1] ?? boundary[2]}`);
  const paths: string[] = [];
  await skip(bytes.until(mark));

  for (;;) {
    const ending = (await bytes.take(2))?.toString("latin1");
    if (ending === "--") break;
    if (ending !== "\r\n") throw refuseUpload("This is not a form.");
    const path = readFileName(await collect(bytes.until(Buffer.from("\r\n\r\n"))));
    if (path === undefined) {
      // A field without a file name says nothing that we know.
      await skip(bytes.until(mark));
      continue;
    }
    if (path === "" || paths.length >= filesMax)
      throw refuseUpload(path === "" ? "A file has no name." : "Too many files.");
    if (paths.includes(path)) throw refuseUpload(`${path} stands in the form twice.`);
    paths.push(path);
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await pipeline(Readable.from(bytes.until(mark)), createWriteStream(join(folder, path), { flags: "wx" })).catch(
      (error) => {
        throw error.code === "EEXIST" || error.code === "EISDIR"
          ? refuseUpload(`${path} is a file and a folder.`)
          : error;
      },
    );
  }
  await bytes.drain();

  const [only] = paths;
  if (only === undefined) throw refuseUpload("The form holds no file.");
  return paths.length === 1 && !only.includes("/")
    ? { path: join(folder, only), kind: "file", name: only }
    : { path: folder, kind: "folder" };
}

/** The first boundary has no line before it; with one, every boundary looks the same. */
async function* prefixed(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from("\r\n");
  yield* source;
}

function readFileName(headers: string): string | undefined {
  const disposition = headers.split("\r\n").find((line) => /^content-disposition:/i.test(line)) ?? "";
  const quoted = /filename="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1];
  // Browsers write a quote in a name as %22 and a line end as %0D%0A.
  const name = quoted?.replaceAll("%22", '"').replaceAll("%0D", "").replaceAll("%0A", "");
  return name === undefined ? undefined : toSafePath(name);
}

async function collect(parts: AsyncGenerator<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const part of parts) {
    size += part.length;
    if (size > HEADER_BYTES_MAX) throw refuseUpload("A part of the form has too long a header.");
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function skip(parts: AsyncGenerator<Buffer>): Promise<void> {
  for await (const _ of parts);
}
