import { chmod, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "#platform";

/** The operator's token: the file `token` in the data folder, mode 0600, made at the first start. */
export async function loadToken(dataFolder: string, random: Random): Promise<string> {
  const path = join(dataFolder, "token");
  try {
    // `wx` makes it in one step: two processes that start at once agree on one token.
    const file = await open(path, "wx", 0o600);
    const token = `rgt_${Buffer.from(random(32)).toString("base64url")}`;
    try {
      await file.writeFile(`${token}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const token = await readWhenWritten(path);
  await chmod(path, 0o600);
  return token;
}

async function readWhenWritten(path: string): Promise<string> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const token = (await readFile(path, "utf8")).trim();
    if (token.length >= 20) return token;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`The file ${path} holds no token. Remove it, and the next start makes a new one.`);
}
