import { randomBytes } from "node:crypto";
import type { IdKind } from "@regent/contract";
import type { Clock } from "./clock.ts";

/** Ids that sort by the time they were made: `run_` + 10 characters of time + 12 of chance. */
export interface Ids {
  /** Two ids of one process never meet, also within one millisecond; ids made later sort later. */
  next(kind: IdKind): string;
}

/** `count` bytes of chance. A test passes its own and gets the same ids each time. */
export type Random = (count: number) => Uint8Array;

export const systemRandom: Random = (count) => randomBytes(count);

// Crockford's alphabet: no i, l, o, u, so that an id survives being read aloud; in ASCII order, so that text sorts as time.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const CHANCE_BITS = 60n;

export function createIds(deps: { clock: Clock; random: Random }): Ids {
  let lastTime = -1;
  let lastChance = 0n;
  return {
    next(kind) {
      const time = Math.max(deps.clock.now(), lastTime);
      // Within one millisecond (or when the clock goes back) count on instead of drawing anew: order holds.
      lastChance = time === lastTime ? lastChance + 1n : chance(deps.random);
      lastTime = time;
      return `${kind}_${toText(BigInt(time), 10)}${toText(lastChance, 12)}`;
    },
  };
}

/** The top bit stays 0: room to count on for 2^59 ids. */
const chance = (random: Random): bigint => Buffer.from(random(8)).readBigUInt64BE() & ((1n << (CHANCE_BITS - 1n)) - 1n);

function toText(value: bigint, length: number): string {
  let text = "";
  for (let rest = value, i = 0; i < length; i++, rest >>= 5n) text = ALPHABET[Number(rest & 31n)] + text;
  return text;
}
