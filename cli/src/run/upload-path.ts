import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import type { StoredFile } from "@regent/contract";
import type { Client } from "@regent/sdk";
import { packFolder } from "./pack-folder.ts";

/** Stores a local file or folder on the server; a folder travels as a tar that is made while it is sent. */
export async function uploadPath(client: Client, path: string, signal: AbortSignal): Promise<StoredFile> {
  const name = basename(path) || "folder";
  if ((await stat(path)).isDirectory())
    return client.files.upload(
      { name },
      {
        body: Readable.toWeb(Readable.from(packFolder(path))) as unknown as ReadableStream,
        contentType: "application/x-tar",
        signal,
      },
    );
  return client.files.upload(
    { name },
    { body: await openAsBlob(path), contentType: "application/octet-stream", signal },
  );
}
