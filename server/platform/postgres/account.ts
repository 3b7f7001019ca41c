import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Who the server's programs run as. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/**
 * PostgreSQL refuses to run as root: `postgres` where the system has it, else `nobody`. Undefined: as we are.
 * @throws Error  when root finds neither
 */
export async function findAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = lines.find((fields) => fields[0] === name) ?? [];
    if (Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    "PostgreSQL does not run as root, and neither `postgres` nor `nobody` is in /etc/passwd. Start Regent as another user.",
  );
}

/** Whether the account may enter every folder on the way to this path. Access lists beyond the mode are not read. */
export async function canReach(account: Account, path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const { uid, gid, mode } = await stat(folder);
    const enter = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if (!(mode & enter)) return false;
    if (folder === dirname(folder)) return true;
  }
}
