/** `sha256:` and 64 hex digits. */
export type Digest = `sha256:${string}`;

/** Content kept by its digest. Putting the same bytes twice stores them once. */
export interface Blobs {
  put(bytes: Uint8Array): Promise<Digest>;
  /** Takes a finished file on the same disk; the caller's file is left as it is. */
  putFile(path: string): Promise<{ digest: Digest; size: number }>;
  /** @throws not_found */
  get(digest: Digest): Promise<Uint8Array>;
  has(digest: Digest): Promise<boolean>;
  /** Writes the content to a new file with this mode. */
  copyTo(digest: Digest, path: string, mode?: number): Promise<void>;
  delete(digest: Digest): Promise<void>;
  /**
   * Removes what is not among `live` and was not put for `graceMs`. Writers need not wait: bytes that are put again
   * count as new. Returns what went.
   */
  sweep(live: ReadonlySet<Digest>, graceMs: number): Promise<{ removed: number; bytes: number }>;
}
