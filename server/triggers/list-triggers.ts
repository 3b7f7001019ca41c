import type { TriggerView } from "@regent/contract";
import { companyTriggers } from "./company-triggers.ts";
import { selectSchedules } from "./store.ts";
import type { TriggersDeps } from "./triggers.ts";

/** Every trigger of the company's daemons, with its next moment, or with what is missing. */
export async function listTriggers(deps: TriggersDeps): Promise<TriggerView[]> {
  const { all } = companyTriggers(deps, deps.companies.current());
  const next = new Map((await selectSchedules(deps.db)).map((schedule) => [schedule.id, schedule.next_at]));
  return all.map(({ daemon, kind, on, timezone, schedule, missing }) => ({
    daemon,
    kind,
    on,
    timezone,
    next_at: (schedule === null ? undefined : next.get(schedule)?.toISOString()) ?? null,
    missing,
  }));
}
