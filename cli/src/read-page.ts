import { text, UsageError } from "./command.ts";

/** `--limit` and `--cursor` of every list. */
export function readPage(options: Record<string, string | string[] | boolean | undefined>): {
  limit: number;
  cursor?: string;
} {
  const limit = Number(text(options.limit) ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200)
    throw new UsageError("--limit is a whole number from 1 to 200.");
  const cursor = text(options.cursor);
  return cursor === undefined ? { limit } : { limit, cursor };
}
