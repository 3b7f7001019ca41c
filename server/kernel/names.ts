import type { JsonObject } from "@regent/contract";
import { canonicalJson, type Digest, digestOf } from "#platform";
import type { BlobStore } from "./envelope.ts";

const KEPT = 200;

/**
 * What expressions of runs may read: the company, its products, its declared values. It changes when the company's files
 * do, so runs hold its digest, and a process holds it once.
 */
export function createNames(blobs: BlobStore) {
  const known = new Map<Digest, Promise<JsonObject>>();

  function get(digest: Digest): Promise<JsonObject> {
    const found = known.get(digest) ?? read(digest);
    if (known.size > KEPT) known.clear();
    known.set(digest, found);
    found.catch(() => known.delete(digest));
    return found;
  }

  async function read(digest: Digest): Promise<JsonObject> {
    return JSON.parse(Buffer.from(await blobs.get(digest)).toString()) as JsonObject;
  }

  return {
    get,
    async keep(names: JsonObject): Promise<Digest> {
      const digest = digestOf(names);
      if (!known.has(digest)) {
        await blobs.put(Buffer.from(canonicalJson(names)));
        known.set(digest, Promise.resolve(names));
      }
      return digest;
    },
  };
}
