import type { Database } from "./database.ts";

/** Of the server that answers now. @throws database_unavailable */
export async function databaseFacts(db: Database): Promise<{ version: string; bytes: number }> {
  const { rows } = await db.query<{ version: string; bytes: string }>(
    `select current_setting('server_version') as version, pg_database_size(current_database()) as bytes`,
  );
  return { version: rows[0]!.version.split(" ")[0]!, bytes: Number(rows[0]!.bytes) };
}
