import pg from "pg";
import type { Log } from "./log.ts";
import { withSettings } from "./postgres/connection-url.ts";

/** Prepared statements of one connection; more would hold memory in the server for texts that hardly come back. */
const NAMES_MAX = 400;
/** Texts that are counted; a program that builds texts without end must not fill the memory. */
const COUNTED_MAX = 4_000;
const USES_BEFORE_NAMING = 3;

/**
 * Names statements that repeat, so that PostgreSQL parses and plans them once a connection.
 * With the engine's seven statements a step: +44 % runs a second, half of the server's CPU.
 * Measured against the plain client; does not work through a pooler in transaction mode.
 */
export class PreparingClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // Before pg sees it: the engine tries again after ECONNREFUSED and ECONNRESET, and gives its run up after these
    // two, which mean the same on a unix socket (no socket while the server restarts, a write to a closed one).
    this.connection.stream.prependListener("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") error.code = "ECONNREFUSED";
      if (error.code === "EPIPE") error.code = "ECONNRESET";
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg's own signature, passed through
  override query(text: any, values?: any, done?: any): any {
    if (typeof text === "string" && Array.isArray(values)) {
      const name = nameOf(text);
      if (name) return done ? super.query({ name, text, values }, done) : super.query({ name, text, values });
    }
    return super.query(text, values, done);
  }
}

const uses = new Map<string, number>();
const names = new Map<string, string>();

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known) return known;
  if (names.size >= NAMES_MAX || /^\s*(create|alter|drop|set|reset|listen|unlisten|notify)\b/i.test(text)) return;
  const count = (uses.get(text) ?? 0) + 1;
  if (count < USES_BEFORE_NAMING) {
    if (uses.size >= COUNTED_MAX) uses.clear();
    uses.set(text, count);
    return;
  }
  uses.delete(text);
  const name = `regent_${names.size}`;
  names.set(text, name);
  return name;
}

export interface PoolOptions {
  url: string;
  /** Most connections at a time. */
  max: number;
  /** Shown in `pg_stat_activity`. */
  name: string;
  company: string;
  /** The role that statements run as; absent: the login's own. */
  role?: string;
  /** More settings for each connection. */
  settings?: Record<string, string | number>;
  log: Log;
  /** Idle connections do not keep the process alive. */
  mayExit?: boolean;
}

/**
 * A pool whose connections carry the company, end transactions that idle for 3 s (a frozen process must not hold its
 * locks: a takeover waited 58 s with the default), and never end the process when the server goes away.
 */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: withSettings(options.url, {
      idle_in_transaction_session_timeout: 3_000,
      "regent.company": options.company,
      ...(options.role ? { role: options.role } : {}),
      ...options.settings,
    }),
    application_name: options.name,
    max: options.max,
    Client: PreparingClient,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    allowExitOnIdle: options.mayExit ?? false,
  });
  // Without these a lost connection ends the process: the first while somebody uses it (who gets the error with the
  // statement), the second while it is idle (the pool makes another).
  pool.on("connect", (client) => client.on("error", () => {}));
  pool.on("error", (error) => options.log.debug({ reason: error.message }, "an idle database connection was lost"));
  return pool;
}

/** The owner's pool: for the engine, which writes its own tables. Row security does not bind it on every server. */
export const createOwnerPool = (options: Omit<PoolOptions, "role" | "name" | "company">): pg.Pool =>
  createPool({ ...options, name: "regent engine", company: "main" });
