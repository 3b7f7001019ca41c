import { fail, type Page, type StoredFile } from "@regent/contract";
import type { FilesDeps } from "./files.ts";
import { type FileRow, findFile, selectFiles } from "./store.ts";

export async function getFile(deps: Pick<FilesDeps, "db">, id: string): Promise<StoredFile> {
  const row = await findFile(deps.db, id);
  if (!row) throw fail("not_found", { what: "file", id });
  return toStoredFile(row);
}

export async function listFiles(
  deps: Pick<FilesDeps, "db">,
  page: { limit: number; cursor?: string },
): Promise<Page<StoredFile>> {
  const rows = await selectFiles(deps.db, { before: page.cursor ?? null, limit: page.limit + 1 });
  const items = rows.slice(0, page.limit).map(toStoredFile);
  return { items, next_cursor: rows.length > page.limit ? (items.at(-1)?.id ?? null) : null };
}

const toStoredFile = (row: FileRow): StoredFile => ({
  id: row.id,
  digest: row.digest,
  name: row.name,
  kind: row.kind,
  size: Number(row.size_bytes),
  created_at: row.created_at.toISOString(),
});
