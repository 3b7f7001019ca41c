import { RegentError } from "@regent/contract";
import { isLostConnection, isShortOfResources } from "#platform";
import type { Timers } from "./frame.ts";

const NO_ROOM: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

/**
 * Is it nobody's fault but the machine's: the disk is full, our database is away? Then a run waits and goes on; a
 * failure is recorded only for what would fail again. Only what can be no vendor's doing counts: a refused connection
 * inside a step's body is the step's failure.
 */
export const isOperational = (error: unknown): boolean =>
  error instanceof RegentError
    ? error.code === "database_unavailable"
    : NO_ROOM.has((error as { code?: unknown } | null)?.code) || isShortOfResources(error);

/** The same for what the kernel itself asks of the database, where a lost connection is just that. */
export const isOutage = (error: unknown): boolean => isOperational(error) || isLostConnection(error);

/** Why a run waits, for people. */
export const operationalReason = (error: unknown): string =>
  NO_ROOM.has((error as { code?: unknown }).code) || isShortOfResources(error) ? "room on the disk" : "the database";

/** Does what must happen and may happen twice, again and again until the system under us lets it. */
export async function persist<T>(timers: Timers, work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error)) throw error;
      await new Promise<void>((resolve) => timers.after(operationalWaitMs(tries), resolve));
    }
  }
}

/** 0.25 s, 0.5 s, 1 s … at most 5 s. */
export const operationalWaitMs = (tries: number): number => Math.min(5_000, 250 * 2 ** tries);
