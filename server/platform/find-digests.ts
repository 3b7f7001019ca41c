import type { Digest } from "./blobs.ts";
import type { Database } from "./database.ts";

const SCHEMAS = ["public", "dbos"];
const ROWS = 5_000;

/**
 * Every digest that stands anywhere in the database: in the engine's records, in caches, files, events. A blob that is
 * named nowhere here, nor by a blob that is, belongs to nobody. Looking everywhere instead of where digests are
 * expected errs on the side of keeping. One cursor is one snapshot.
 */
export async function findDigests(db: Database): Promise<Set<Digest>> {
  return db.transaction(async (tx) => {
    const { rows: tables } = await tx.query<{ name: string; texts: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name,
         string_agg(format('%I::text', a.attname), ', ') as texts
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid
       join pg_type t on t.oid = a.atttypid
       where n.nspname = any ($1)
       and c.relkind in ('r', 'p')
       and not c.relispartition
       and a.attnum > 0
       and not a.attisdropped
       and t.typname in ('text', 'varchar', 'json', 'jsonb')
       group by 1`,
      [SCHEMAS],
    );
    const held = tables.map(({ name, texts }) => `select concat_ws(' ', ${texts}) as content from ${name}`);
    await tx.query(
      `declare digest_scan no scroll cursor for
       select found[1] as digest
       from (${held.join(" union all ")}) as held,
         regexp_matches(held.content, 'sha256:[0-9a-f]{64}', 'g') as found`,
    );
    const digests = new Set<Digest>();
    for (;;) {
      const { rows } = await tx.query<{ digest: Digest }>(`fetch ${ROWS} from digest_scan`);
      for (const { digest } of rows) digests.add(digest);
      if (rows.length < ROWS) return digests;
    }
  });
}
