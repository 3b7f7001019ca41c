import { createHash } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * The id of a run that a trigger starts, made of what started it: whoever starts it again, after a crash or in
 * another worker, finds the same run. Sorts by time like every id: 10 characters of time, 16 of the digest.
 */
export function derivedRunId(timeMs: number, ...parts: string[]): string {
  let time = "";
  for (let rest = Math.trunc(timeMs), i = 0; i < 10; i++, rest = Math.floor(rest / 32)) {
    time = ALPHABET[rest % 32] + time;
  }
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest();
  return `run_${time}${Array.from(digest.subarray(0, 16), (byte) => ALPHABET[byte % 32]).join("")}`;
}
