import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A fresh folder that is gone after the test. */
export async function temporaryFolder(name = "test"): Promise<string> {
  let folder: string | undefined;
  after(() => (folder ? rm(folder, { recursive: true, force: true }) : undefined));
  folder = await realpath(await mkdtemp(join(tmpdir(), `regent-${name}-`)));
  return folder;
}
