import type { Queryable } from "#platform";

export interface FileRow {
  id: string;
  digest: string;
  name: string;
  kind: "file" | "folder";
  size_bytes: string;
  created_at: Date;
}

export async function insertFile(db: Queryable, row: Omit<FileRow, "size_bytes"> & { size: number }): Promise<void> {
  await db.query(
    `insert into input_file (id, digest, name, kind, size_bytes, created_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing`,
    [row.id, row.digest, row.name, row.kind, row.size, row.created_at],
  );
}

export async function findFile(db: Queryable, id: string): Promise<FileRow | undefined> {
  const { rows } = await db.query<FileRow>(
    `select id, digest, name, kind, size_bytes, created_at
     from input_file
     where id = $1`,
    [id],
  );
  return rows[0];
}

/** By primary key, backwards: ids sort by the time they were made. */
export async function selectFiles(db: Queryable, page: { before: string | null; limit: number }): Promise<FileRow[]> {
  const { rows } = await db.query<FileRow>(
    `select id, digest, name, kind, size_bytes, created_at
     from input_file
     where ($1::text is null or id < $1)
     order by id desc
     limit $2`,
    [page.before, page.limit],
  );
  return rows;
}
