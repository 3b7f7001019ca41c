import type pg from "pg";
import { MAJOR_MIN } from "./programs.ts";

/** Each of these off means that a commit that was answered may be lost, and with it what an agent already did outside. */
const MUST_BE_ON = ["fsync", "full_page_writes", "synchronous_commit"];

/**
 * @throws Error  the server is too old, or would lose commits; the sentence names the setting
 */
export async function checkServer(client: Pick<pg.Client, "query">): Promise<void> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    "select name, setting from pg_settings where name = any($1)",
    [[...MUST_BE_ON, "server_version_num", "server_version"]],
  );
  const settings = new Map(rows.map((row) => [row.name, row.setting]));
  if (Number(settings.get("server_version_num")) < MAJOR_MIN * 10_000) {
    throw new Error(
      `The database is PostgreSQL ${settings.get("server_version")}. Regent needs ${MAJOR_MIN} or newer.`,
    );
  }
  for (const name of MUST_BE_ON) {
    if (settings.get(name) === "off") {
      throw new Error(
        `The database has ${name} = off: after a crash, work that was reported as done could be undone or done twice. ` +
          `Set ${name} = on (in postgresql.conf, or by "alter system set ${name} = on") and start again.`,
      );
    }
  }
}
