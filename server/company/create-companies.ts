import { type Agent, fail, type Json, type JsonObject } from "@regent/contract";
import { createExpressions, type Expressions } from "#expressions";
import { type Clock, type Database, type Log, silentLog } from "#platform";
import type { Companies, Company, Problem } from "./company.ts";
import { loadCompany } from "./load-company.ts";
import { loadInline } from "./load-inline.ts";
import { findDaemon, pinDaemon } from "./pin-daemon.ts";
import { recordVersions, toStored } from "./record-versions.ts";
import { createCompanyStore } from "./store.ts";
import { watchFolder } from "./watch-folder.ts";

export interface CompaniesDeps {
  folder: string;
  database: Database;
  clock: Clock;
  expressions?: Expressions;
  log?: Log;
  /** False: the folder is read once. Default true. */
  watch?: boolean;
  /** Default 150 ms and 5 s. */
  debounceMs?: number;
  pollMs?: number;
}

/**
 * Loads the company and keeps it up to date with its folder.
 * @throws company_has_errors  the folder has an error; all of them are in the detail
 */
export async function createCompanies(deps: CompaniesDeps): Promise<Companies> {
  const expressions = deps.expressions ?? createExpressions();
  const log = deps.log ?? silentLog;
  const listeners = new Set<(company: Company) => void>();
  const store = createCompanyStore(deps.database);
  const first = await loadCompany(deps.folder, { expressions });
  if (first.company === null) throw fail("company_has_errors", { problems: first.problems as unknown as Json });
  let current = first.company;
  let problems = [...first.problems, ...(await recordVersions(deps, current))];

  const reload = async (): Promise<void> => {
    const loaded = await loadCompany(deps.folder, { expressions });
    if (loaded.company === null) {
      const errors = loaded.problems.filter((problem) => problem.severity === "error").length;
      if (!isSame(problems, loaded.problems))
        log.error({ errors }, "the company's files have errors; the last good version goes on");
      problems = loaded.problems;
      tell();
      return;
    }
    const warnings = await recordVersions(deps, loaded.company);
    problems = [...loaded.problems, ...warnings];
    if (isSameCompany(current, loaded.company)) return;
    current = loaded.company;
    log.info({ definitions: current.digests.size }, "the company was loaded anew");
    tell();
  };
  const tell = (): void => {
    for (const listener of listeners) {
      try {
        listener(current);
      } catch (error) {
        log.error({ error }, "a listener of the company failed");
      }
    }
  };
  const reloads = oneAtATime(reload, (error) =>
    log.error({ error }, "the company could not be loaded; the last good version goes on"),
  );
  const stop =
    deps.watch === false
      ? () => {}
      : watchFolder(deps.folder, {
          debounceMs: deps.debounceMs ?? 150,
          pollMs: deps.pollMs ?? 5_000,
          onChange: reloads.start,
        });

  return {
    current: () => current,
    problems: () => problems,
    pin: async (name) => pinDaemon(current, findDaemon(current, name)),
    pinInline: async (definition, file) => {
      const { daemon, agents } = loadInline(current, expressions, definition, file);
      const pinned = pinDaemon(current, daemon, agents);
      const stored = [...agents.values()].map((agent: Agent) => toStored("agent", agent.id, agent as unknown as Json));
      await store.putDefinitions([toStored("daemon", daemon.id, pinned.daemon as unknown as JsonObject), ...stored]);
      return pinned;
    },
    definition: async (digest) => {
      const found = await store.findDefinition(digest);
      return found === undefined ? undefined : { kind: found.kind, id: found.id, body: JSON.parse(found.body) as Json };
    },
    history: async (kind, id) =>
      (await store.listVersions(kind, id)).map(({ digest, version, loaded_at }) => ({
        digest,
        version,
        loaded_at: loaded_at.toISOString(),
      })),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      stop();
      listeners.clear();
      await reloads.settled();
    },
  };
}

/** A change that comes while the folder is read is read after it. */
function oneAtATime(work: () => Promise<void>, onError: (error: unknown) => void) {
  let running: Promise<void> | undefined;
  let again = false;
  const start = (): void => {
    if (running !== undefined) {
      again = true;
      return;
    }
    running = work()
      .catch(onError)
      .finally(() => {
        running = undefined;
        if (again) {
          again = false;
          start();
        }
      });
  };
  return { start, settled: async () => running };
}

const isSame = (a: Problem[], b: Problem[]): boolean => JSON.stringify(a) === JSON.stringify(b);

function isSameCompany(a: Company, b: Company): boolean {
  const entries = ({ id, name, currency, timezone, env, budgets, digests }: Company): string =>
    JSON.stringify([id, name, currency, timezone, env, budgets, [...digests].sort()]);
  return entries(a) === entries(b);
}
