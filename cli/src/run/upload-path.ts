import { openAsBlob } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, relative, sep } from "node:path";
import { Readable } from "node:stream";
import type { StoredFile } from "@regent/contract";
import { ApiError, type Client } from "@regent/sdk";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { packFolder } from "./pack-folder.ts";

type From = Pick<Context, "dataFolder" | "interrupted" | "output">;

/**
 * Stores a local file or folder on the server; a folder travels as a tar that is made while it is sent. Regent's own
 * data folder never travels with the folder around it: it holds the token and the keys.
 * @throws UsageError  the data folder itself, or more than the server takes
 */
export async function uploadPath(client: Client, path: string, from: From): Promise<StoredFile> {
  const name = basename(path) || "folder";
  try {
    if (!(await stat(path)).isDirectory())
      return await client.files.upload(
        { name },
        { body: await openAsBlob(path), contentType: "application/octet-stream", signal: from.interrupted },
      );
    const folder = await realpath(path);
    const without = await dataFolderIn(folder, from);
    return await client.files.upload(
      { name },
      {
        body: Readable.toWeb(Readable.from(packFolder(folder, without))) as unknown as ReadableStream,
        contentType: "application/x-tar",
        signal: from.interrupted,
      },
    );
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "payload_too_large") throw error;
    throw new UsageError(`${path} is too large: ${error.message} Name the part of it that is needed.`);
  }
}

async function dataFolderIn(folder: string, { dataFolder, output }: From): Promise<string | undefined> {
  const data = await realpath(dataFolder).catch(() => dataFolder);
  if (data === folder) throw new UsageError(`${folder} is Regent's data folder; it is no input.`);
  if (!data.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return undefined;
  const without = relative(folder, data).split(sep).join("/");
  output.note(`Regent's data folder ${without} is left out.`);
  return without;
}
