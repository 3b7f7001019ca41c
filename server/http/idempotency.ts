import { createHash } from "node:crypto";
import { fail, type IdKind } from "@regent/contract";
import type { Clock, Database, Ids, Random } from "#platform";
import { invalidInput } from "./problem.ts";
import {
  deleteOldClaims,
  extendClaim,
  findClaim,
  insertClaim,
  releaseClaim,
  takeOverClaim,
  updateAnswer,
} from "./store.ts";

/** A JSON answer as it was given. */
export interface KeptAnswer {
  status: number;
  body: string;
}

export interface IdempotencyDeps {
  db: Database;
  clock: Clock;
  ids: Ids;
  random: Random;
  /** How long a request may be silent before its key can be taken over. Default 30 s; extended while it works. */
  holdMs?: number;
  /** How long a second request waits for the first. Default 30 s. */
  waitMs?: number;
}

/**
 * `Idempotency-Key`: the same key with the same request gets the first answer, also when both come at once, or when
 * the server died in between. Then the work is done again with the ids of the first time, so that what it had
 * made is found and not made twice. Answers are kept for a day; an answer that says 5xx is not kept.
 */
export interface Idempotency {
  /**
   * @throws idempotency_key_reused  the key stood on another request
   * @throws request_in_progress     the first is still at work
   */
  once(
    key: string,
    request: string,
    work: (newId: (kind: IdKind) => string) => Promise<KeptAnswer>,
  ): Promise<KeptAnswer>;
  /** Forgets answers older than a day. */
  prune(): Promise<number>;
}

const KEEP_MS = 86_400_000;

export function createIdempotency(deps: IdempotencyDeps): Idempotency {
  const { db, clock } = deps;
  const holdMs = deps.holdMs ?? 30_000;
  const waitMs = deps.waitMs ?? 30_000;

  return {
    async once(key, request, work) {
      const holder = Buffer.from(deps.random(12)).toString("hex");
      const claim = () => ({
        key,
        request,
        seed: deps.ids.next("run").slice("run_".length),
        holder,
        now: new Date(clock.now()),
        heldUntil: new Date(clock.now() + holdMs),
      });

      const giveUp = performance.now() + waitMs;
      for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 500)) {
        const mine = claim();
        if (await insertClaim(db, mine)) return perform(deps, key, holder, mine.seed, holdMs, work);
        const row = await findClaim(db, key);
        if (!row) continue;
        if (row.request !== request) throw fail("idempotency_key_reused");
        if (row.status !== null) return { status: row.status, body: row.body! };
        if (row.held_until.getTime() < clock.now() && (await takeOverClaim(db, claim())))
          return perform(deps, key, holder, row.seed, holdMs, work);
        if (performance.now() > giveUp) throw fail("request_in_progress");
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    },
    prune: () => deleteOldClaims(db, new Date(clock.now() - KEEP_MS)),
  };
}

async function perform(
  deps: IdempotencyDeps,
  key: string,
  holder: string,
  seed: string,
  holdMs: number,
  work: (newId: (kind: IdKind) => string) => Promise<KeptAnswer>,
): Promise<KeptAnswer> {
  const extend = () => extendClaim(deps.db, key, holder, new Date(deps.clock.now() + holdMs)).catch(() => {});
  const extending = setInterval(extend, holdMs / 3).unref();
  try {
    const answer = await work((kind) => `${kind}_${seed}`);
    if (answer.status < 500) await updateAnswer(deps.db, key, holder, answer);
    else await releaseClaim(deps.db, key, holder);
    return answer;
  } catch (error) {
    await releaseClaim(deps.db, key, holder).catch(() => {});
    throw error;
  } finally {
    clearInterval(extending);
  }
}

/** @throws invalid_input */
export function readIdempotencyKey(request: Request): string | null {
  const key = request.headers.get("idempotency-key");
  if (request.method !== "POST" || key === null) return null;
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw invalidInput([{ pointer: "", message: "An Idempotency-Key has 1 to 255 visible ASCII characters." }]);
  return key;
}

export function toRequestDigest(request: Request, principal: string, body: Uint8Array | string): string {
  const { pathname, search } = new URL(request.url);
  return createHash("sha256")
    .update(`${principal}\n${request.method}\n${pathname}${search}\n`)
    .update(body)
    .digest("hex");
}
