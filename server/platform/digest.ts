import { createHash } from "node:crypto";
import type { Json } from "@regent/contract";
import type { Digest } from "./blobs.ts";

/** The digest of a JSON value's canonical form: equal values have equal digests, whatever the order of their keys. */
export const digestOf = (value: Json): Digest => digestOfBytes(canonicalJson(value));

export const digestOfBytes = (bytes: Uint8Array | string): Digest =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

export const isDigest = (text: string): text is Digest => /^sha256:[0-9a-f]{64}$/.test(text);

/**
 * RFC 8785: keys in order of their UTF-16 units, numbers and strings as ECMAScript writes them, no space.
 * @throws TypeError  for what JSON cannot hold: NaN, infinity, a lone surrogate, undefined, functions
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return numberOf(value);
  if (typeof value === "string") return stringOf(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object") {
    const members = Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined);
    return `{${members.map((key) => `${stringOf(key)}:${canonicalJson(value[key] as Json)}`).join(",")}}`;
  }
  throw new TypeError(`A ${typeof value} has no canonical JSON.`);
}

function numberOf(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical JSON.`);
  return JSON.stringify(value);
}

function stringOf(value: string): string {
  if (!value.isWellFormed()) throw new TypeError("A string with half a surrogate pair has no canonical JSON.");
  return JSON.stringify(value);
}
