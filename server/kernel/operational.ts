import { RegentError } from "@regent/contract";

/** Errors of the system under us that pass when an operator, or time, has helped. */
const ERRNO = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "ENOMEM", "ECONNREFUSED", "ECONNRESET", "EPIPE"]);
/** PostgreSQL: connection (08), resources such as a full disk (53), shutdown and start (57P). */
const SQLSTATE = /^(08|53|57P)/;

/**
 * Is it nobody's fault but the machine's: the disk is full, the database is away? Then a run waits and goes on; a
 * failure is recorded only for what would fail again.
 */
export function isOperational(error: unknown): boolean {
  for (let depth = 0, at = error; depth < 5 && typeof at === "object" && at !== null; depth++) {
    if (at instanceof RegentError && at.code === "database_unavailable") return true;
    const { code, cause } = at as { code?: unknown; cause?: unknown };
    // A vendor that refuses a connection is not our machine: only errors that carry no public code count.
    if (!(at instanceof RegentError) && typeof code === "string" && (ERRNO.has(code) || SQLSTATE.test(code)))
      return true;
    if (at instanceof RegentError) return false;
    at = cause;
  }
  return false;
}

/** Why a run waits, for people. */
export function operationalReason(error: unknown): string {
  const code = (error as { code?: string }).code ?? "";
  if (code === "ENOSPC" || code === "EDQUOT" || code === "53100") return "room on the disk";
  if (code === "database_unavailable" || SQLSTATE.test(code)) return "the database";
  return `the system (${code})`;
}

/** 0.25 s, 0.5 s, 1 s … at most 5 s. */
export const operationalWaitMs = (tries: number): number => Math.min(5_000, 250 * 2 ** tries);
