/** Writes db/schema.sql as the migrations make it. Run it after adding a migration; the diff is what a reviewer reads. */
import { writeFile } from "node:fs/promises";
import { dumpSchema } from "#platform";
import { openTestDatabase } from "#testing";

const { database, close } = await openTestDatabase();
await writeFile(new URL("../db/schema.sql", import.meta.url), await dumpSchema(database));
await close();
