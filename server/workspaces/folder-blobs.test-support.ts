import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "@regent/contract";
import type { Blobs, Digest } from "#platform";

export async function testBlobs(): Promise<Blobs & { folder: string; puts: number }> {
  const folder = await mkdtemp(join(tmpdir(), "regent-blobs-"));
  const place = (digest: Digest) => join(folder, digest.slice(7));
  const blobs = {
    folder,
    puts: 0,
    async put(bytes: Uint8Array) {
      blobs.puts++;
      const digest: Digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      if (!existsSync(place(digest))) await writeFile(place(digest), bytes);
      return digest;
    },
    async putFile(path: string) {
      const bytes = await readFile(path);
      return { digest: await blobs.put(bytes), size: (await stat(path)).size };
    },
    async get(digest: Digest) {
      return readFile(place(digest)).catch(() => {
        throw fail("not_found", { what: "blob" });
      });
    },
    has: async (digest: Digest) => existsSync(place(digest)),
    async copyTo(digest: Digest, path: string, mode = 0o644) {
      await copyFile(place(digest), path);
      await chmod(path, mode);
    },
    delete: (digest: Digest) => rm(place(digest), { force: true }),
  };
  return blobs;
}
