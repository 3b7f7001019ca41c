import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { SystemStatus } from "@regent/contract";
import type { Companies } from "#company";
import type { Gateway } from "#gateway";
import type { SystemDoor } from "#http";
import { type Config, type Database, databaseFacts, folderBytes, type Postgres } from "#platform";
import type { Sandbox } from "#sandbox";

export interface StatusDeps {
  config: Config;
  version: string;
  startedAt: number;
  db: Database;
  postgres: Postgres;
  sandbox: Sandbox;
  companies: Companies;
  gateway: Gateway;
}

type Part = SystemStatus["parts"][number];

const LITTLE_ROOM_BYTES = 1e9;

/** What this Regent consists of and what it lacks: `regent doctor`, `/readyz`. */
export function createStatus(deps: StatusDeps): SystemDoor {
  const { config, db } = deps;
  return {
    async notReady() {
      try {
        await databaseFacts(db);
        return null;
      } catch (error) {
        return `The database does not answer: ${error instanceof Error ? error.message : error}`;
      }
    },
    async status() {
      const facts = await databaseFacts(db);
      const company = deps.companies.current();
      return {
        version: deps.version,
        node: process.versions.node,
        role: config.role,
        company: { id: company.id, name: company.name, folder: config.companyFolder },
        data: { folder: config.dataFolder },
        started_at: new Date(deps.startedAt).toISOString(),
        parts: [
          databasePart(deps, facts.version),
          sandboxPart(deps),
          companyPart(deps),
          modelsPart(deps),
          await diskPart(deps),
        ],
        sizes: [
          { name: "database", bytes: facts.bytes },
          { name: "blobs", bytes: await folderBytes(join(config.dataFolder, "blobs")) },
          { name: "caches", bytes: await folderBytes(join(config.dataFolder, "caches")) },
        ],
      };
    },
  };
}

const databasePart = ({ postgres }: StatusDeps, version: string): Part => ({
  name: "database",
  ok: true,
  detail: `PostgreSQL ${version}, ${postgres.kind === "embedded" ? "our own in the data folder" : "at DATABASE_URL"}`,
  fix: null,
  optional: false,
});

function sandboxPart({ sandbox }: StatusDeps): Part {
  const { id, probe } = sandbox.driver;
  return probe.ok
    ? {
        name: "sandbox",
        ok: true,
        detail: `${id} ${probe.version}, ${probe.isolation}; its self-test passed`,
        fix: null,
        optional: true,
      }
    : { name: "sandbox", ok: false, detail: `${probe.reason} Scripts are refused.`, fix: probe.fix, optional: true };
}

function companyPart({ companies, config }: StatusDeps): Part {
  const problems = companies.problems();
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const { daemons, agents } = companies.current();
  const counts = `${daemons.size} daemons, ${agents.size} agents, ${problems.length - errors} warnings`;
  return errors === 0
    ? { name: "company", ok: true, detail: counts, fix: null, optional: false }
    : {
        ...{ name: "company", ok: false, optional: false },
        detail: `${errors === 1 ? "1 error" : `${errors} errors`} in ${config.companyFolder}; the last good version goes on running (${counts})`,
        fix: "Run `npx regent check` and correct the files.",
      };
}

function modelsPart({ gateway }: StatusDeps): Part {
  const ready = gateway.list().filter((model) => model.ready && model.provider !== "offline");
  return ready.length > 0
    ? { name: "models", ok: true, detail: `${ready.length} can be called`, fix: null, optional: true }
    : {
        ...{ name: "models", ok: false, optional: true },
        detail: "No provider is configured: the built-in offline model answers, and says so.",
        fix: "Set a key such as OPENAI_API_KEY, in the environment or in secrets.env in the data folder.",
      };
}

async function diskPart({ config }: StatusDeps): Promise<Part> {
  const { bavail, bsize } = await statfs(config.dataFolder);
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB free at ${config.dataFolder}`;
  return free > LITTLE_ROOM_BYTES
    ? { name: "disk", ok: true, detail, fix: null, optional: false }
    : {
        name: "disk",
        ok: false,
        detail,
        fix: "Make room, or move the data folder; runs wait while the disk is full.",
        optional: false,
      };
}
