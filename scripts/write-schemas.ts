/** Writes contract/schemas/*.schema.json from the zod schemas of the company's files; a test compares the two. */
import { writeFile } from "node:fs/promises";
import { toJsonSchemas } from "@regent/contract/company";

for (const [name, schema] of Object.entries(toJsonSchemas())) {
  const file = new URL(`../contract/schemas/${name}.schema.json`, import.meta.url);
  await writeFile(file, `${JSON.stringify(schema, null, 1)}\n`);
}
