import { type Approval, fail } from "@regent/contract";
import type { Database } from "#platform";
import type { ListApprovals } from "./approvals.ts";
import { findApproval, type ListPlace, selectApprovals } from "./store.ts";
import { toApproval } from "./to-approval.ts";

export async function getApproval(deps: { db: Database }, id: string): Promise<Approval> {
  const row = await findApproval(deps.db, id);
  if (!row) throw fail("not_found", { what: "approval", id });
  return toApproval(row);
}

export async function listApprovals(
  deps: { db: Database },
  filter: ListApprovals,
): Promise<{ items: Approval[]; nextCursor: string | null }> {
  const limit = Math.min(Math.max(Math.trunc(filter.limit), 1), 200);
  const rows = await selectApprovals(deps.db, {
    status: filter.status ?? null,
    run: filter.run ?? null,
    after: filter.cursor == null ? null : parseCursor(filter.cursor),
    limit: limit + 1,
  });
  const page = rows.slice(0, limit);
  return { items: page.map(toApproval), nextCursor: rows.length > limit ? toCursor(page.at(-1)!) : null };
}

const toCursor = ({ due, id }: ListPlace): string => Buffer.from(`${due} ${id}`).toString("base64url");

function parseCursor(cursor: string): ListPlace {
  const [, due, id] =
    /^(infinity|\d{4}-\d\d-\d\d \d\d:\d\d:[\d.]+[+-][\d:]+) (apr_\S+)$/.exec(
      Buffer.from(cursor, "base64url").toString(),
    ) ?? [];
  if (!due || !id)
    throw fail("invalid_input", { errors: [{ pointer: "/cursor", message: "not a cursor of this list" }] });
  return { due, id };
}
