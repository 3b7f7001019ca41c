import { fail } from "@regent/contract";
import type { Clock } from "#platform";
import type { Engine } from "./engine.ts";
import type { Kernel } from "./kernel.ts";
import type { Projection } from "./projection.ts";
import { type Reader, toSummary } from "./read-runs.ts";
import type { KernelStore } from "./store.ts";

export interface ListsDeps {
  store: KernelStore;
  engine(): Engine;
  reader: Reader;
  projection: Projection;
  clock: Clock;
  log: { warn(text: string): void };
}

/** Rows that are behind are looked for at this distance among recent runs; among all of them every five minutes. */
const CATCH_UP_MS = 10_000;
const RECENT_MS = 600_000;
const FULL_BEATS = 30;

/** Rows of runs for lists: read in pages, kept true, and made again from the engine's record. */
export function createLists(deps: ListsDeps) {
  const { store, reader, clock } = deps;
  let chores: NodeJS.Timeout | undefined;

  /** Writes rows that a process which died did not write any more. */
  async function catchUp(recentMs: number | null): Promise<void> {
    try {
      for (const run of await store.behind(recentMs === null ? null : new Date(clock.now() - recentMs))) {
        const found = await reader.find(run);
        if (found !== undefined) await store.write([toSummary(found)]);
      }
    } catch (error) {
      deps.log.warn(`Rows of runs could not be brought up to date: ${error instanceof Error ? error.message : error}`);
    }
  }

  return {
    page: (async (filter) => {
      const { limit, cursor, ...rest } = filter;
      const items = await store.list({
        ...rest,
        ...(cursor === undefined ? {} : { before: fromCursor(cursor) }),
        limit: limit + 1,
      });
      const page = items.slice(0, limit);
      const last = page.at(-1);
      const more = items.length > limit && last !== undefined;
      return { items: page, nextCursor: more ? toCursor(last.queued_at, last.id) : null };
    }) satisfies Kernel["list"],
    /** What changed nothing in the record (a pause), or was changed from outside (a cancellation), must be told. */
    async refresh(run: string): Promise<void> {
      await deps.projection.flush();
      await store.write([toSummary(await reader.get(run))]);
    },
    async rebuild(): Promise<{ runs: number }> {
      await deps.projection.flush();
      await store.clear();
      let runs = 0;
      for (;;) {
        const page = await deps.engine().list({ offset: runs, limit: 200 });
        if (page.length === 0) return { runs };
        for (const one of page) await store.write([toSummary(await reader.readFrom(one))]);
        runs += page.length;
      }
    },
    async prune(olderThanMs: number): Promise<number> {
      let count = 0;
      for (;;) {
        const runs = await store.endedBefore(new Date(clock.now() - olderThanMs), 500);
        if (runs.length === 0) break;
        await deps.engine().remove(runs);
        await store.forget(runs);
        count += runs.length;
      }
      await store.forgetResults(new Date(clock.now()));
      return count;
    },
    start(): void {
      void catchUp(null);
      let beats = 0;
      chores = setInterval(() => void catchUp(++beats % FULL_BEATS === 0 ? null : RECENT_MS), CATCH_UP_MS);
    },
    stop: (): void => clearInterval(chores),
  };
}

const toCursor = (at: string, id: string): string => Buffer.from(`${at} ${id}`).toString("base64url");

function fromCursor(cursor: string): { at: string; id: string } {
  const [at = "", id = ""] = Buffer.from(cursor, "base64url").toString().split(" ");
  if (Number.isNaN(Date.parse(at)) || id === "")
    throw fail("invalid_input", { errors: [{ pointer: "/cursor", message: "is not a cursor of this list" }] });
  return { at, id };
}
