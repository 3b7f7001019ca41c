/** From the operating system, while connecting or on an open socket. */
const SYSTEM_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT", // the unix socket is not there
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
]);

/** PostgreSQL: connection exceptions (08…), shutdown and crash (57P01–57P03), out of connections (53300), timeouts that end a connection. */
const SERVER_CODES = /^(08...|57P0[1235]|53300|25P0[34])$/;

/** The server lives and cannot do it now: disk full, out of memory. The statement is undone for certain. */
const SHORT_CODES = /^53(000|100|200)$/;

/** `pg` reports these without a code. */
const SENTENCES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|This socket has been ended)/;

/** The server was away or went away: the statement itself was not at fault. */
export function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string" && (SYSTEM_CODES.has(code) || SERVER_CODES.test(code))) return true;
  if (SENTENCES.test(error.message)) return true;
  return error instanceof AggregateError && error.errors.some(isLostConnection);
}

export const isShortOfResources = (error: unknown): boolean =>
  SHORT_CODES.test(String((error as { code?: unknown } | null)?.code));
