import type { Digest, Queryable } from "#platform";

export interface StoredDefinition {
  kind: string;
  id: string;
  body: string;
}

export interface NewDefinition extends StoredDefinition {
  digest: Digest;
}

export interface VersionRow {
  digest: Digest;
  version: string | null;
  loaded_at: Date;
}

/** All SQL of the company's context. */
export const createCompanyStore = (db: Queryable) => ({
  /** Of two processes that load a folder at once, one writes and the other finds it written. */
  async lock(): Promise<void> {
    await db.query(
      `select pg_advisory_xact_lock(hashtextextended('definition/' || current_setting('regent.company'), 0))`,
    );
  },

  /** `kind/id` → the digest that was loaded last. By the primary key of definition_version. */
  async latestDigests(): Promise<Map<string, Digest>> {
    const { rows } = await db.query<{ kind: string; id: string; digest: Digest }>(
      `select distinct on (kind, id) kind, id, digest
       from definition_version
       order by kind, id, number desc`,
    );
    return new Map(rows.map((row) => [`${row.kind}/${row.id}`, row.digest]));
  },

  async putDefinitions(definitions: NewDefinition[]): Promise<void> {
    await db.query(
      `insert into definition (digest, kind, id, body)
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
       on conflict do nothing`,
      columnsOf(definitions, (item) => [item.digest, item.kind, item.id, item.body]),
    );
  },

  async addVersions(versions: (NewDefinition & { version: string | null })[], loadedAt: Date): Promise<void> {
    await db.query(
      `insert into definition_version (kind, id, number, digest, version, loaded_at)
       select given.kind, given.id,
         coalesce((select max(number) from definition_version v where v.kind = given.kind and v.id = given.id), 0) + 1,
         given.digest, given.version, $5
       from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as given (digest, kind, id, version)`,
      [...columnsOf(versions, (item) => [item.digest, item.kind, item.id, item.version]), loadedAt],
    );
  },

  /** Which of these `kind/id version` were loaded before with another content. */
  async findReusedVersions(
    versions: { kind: string; id: string; version: string; digest: Digest }[],
  ): Promise<Set<string>> {
    const { rows } = await db.query<{ key: string }>(
      `select distinct v.kind || '/' || v.id as key
       from definition_version v
       join unnest($1::text[], $2::text[], $3::text[], $4::text[]) as given (digest, kind, id, version)
         on v.kind = given.kind and v.id = given.id and v.version = given.version and v.digest <> given.digest`,
      columnsOf(versions, (item) => [item.digest, item.kind, item.id, item.version]),
    );
    return new Set(rows.map((row) => row.key));
  },

  async findDefinition(digest: Digest): Promise<StoredDefinition | undefined> {
    const { rows } = await db.query<StoredDefinition>(
      `select kind, id, body
       from definition
       where digest = $1
       order by kind, id
       limit 1`,
      [digest],
    );
    return rows[0];
  },

  async listVersions(kind: string, id: string): Promise<VersionRow[]> {
    const { rows } = await db.query<VersionRow>(
      `select digest, version, loaded_at
       from definition_version
       where kind = $1 and id = $2
       order by number desc
       limit 1000`,
      [kind, id],
    );
    return rows;
  },
});

function columnsOf<Item>(items: Item[], row: (item: Item) => (string | null)[]): (string | null)[][] {
  const rows = items.map(row);
  return [0, 1, 2, 3].map((column) => rows.map((cells) => cells[column]!));
}
