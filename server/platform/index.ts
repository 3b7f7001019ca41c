export type { Blobs, Digest } from "./blobs.ts";
export { type Clock, systemClock } from "./clock.ts";
export type { Database, Queryable, Rows, Transaction } from "./database.ts";
