import type { Failure, Json, Spent } from "@regent/contract";
import type { Blobs, Digest } from "#platform";

/**
 * What one step leaves in the engine's record. Keys are short because every step of every run stores them.
 * Times are our own, so that a run read back from the record looks exactly as it did while it ran.
 */
export interface Envelope {
  /** Start, milliseconds since 1970, and duration. */
  s: number;
  d: number;
  /** The value, or the digest of the blob that holds it. */
  v?: Json;
  b?: Digest;
  /** Nano-dollars (null: unknown) and tokens. */
  c?: [number | null, number];
  /** Detail for people. */
  x?: Record<string, Json>;
  /** It failed. */
  e?: Failure;
  /** It was aborted because it was no longer wanted. */
  a?: 1;
  /** Out of time: the owner's path and the limit. */
  t?: [string, number];
}

/** Larger results live outside the engine's tables. */
const INLINE_BYTES = 256 * 1024;

export type BlobStore = Pick<Blobs, "put" | "get">;

export async function packValue(value: Json, blobs: BlobStore): Promise<Pick<Envelope, "v" | "b">> {
  if (isSmall(value)) return { v: value };
  const bytes = Buffer.from(JSON.stringify(value));
  return bytes.length <= INLINE_BYTES ? { v: value } : { b: await blobs.put(bytes) };
}

export async function unpackValue(envelope: Pick<Envelope, "v" | "b">, blobs: BlobStore): Promise<Json> {
  if (envelope.b === undefined) return envelope.v ?? null;
  return JSON.parse(Buffer.from(await blobs.get(envelope.b)).toString()) as Json;
}

export const spentOf = (envelope: Envelope): Spent =>
  envelope.c === undefined ? { usdNanos: 0, tokens: 0 } : { usdNanos: envelope.c[0], tokens: envelope.c[1] };

/** Spares the common case from being written out once more just to be measured. */
const isSmall = (value: Json): boolean =>
  value === null || typeof value !== "object" ? typeof value !== "string" || value.length * 3 < INLINE_BYTES : false;
