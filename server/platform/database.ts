import type { ClientBase } from "pg";

/** Rows of one statement. */
export interface Rows<Row> {
  rows: Row[];
  rowCount: number;
}

/** Somewhere a statement can be sent: the pool, or an open transaction. */
export interface Queryable {
  query<Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Rows<Row>>;
}

/** An open transaction. `client` is for the engine, which writes its own rows into it. */
export interface Transaction extends Queryable {
  readonly client: ClientBase;
}

/**
 * The application's way to PostgreSQL. Every connection is set to the application role and to the company, so that
 * row security holds whatever a statement says.
 */
export interface Database extends Queryable {
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Calls `onMessage` for each NOTIFY on the channel until the returned function is called; reconnects by itself.
   * `onGap` is called after a reconnection: messages of the time between are lost, look at the tables.
   */
  listen(channel: string, onMessage: (payload: string) => void, onGap?: () => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}
