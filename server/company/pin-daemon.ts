import { type Agent, type Daemon, fail, type Json, type JsonObject, nearest, type Stage } from "@regent/contract";
import type { Pinned } from "#kernel";
import { type Digest, digestOf } from "#platform";
import type { Company } from "./company.ts";
import { toKebab } from "./identity.ts";
import { stripPlaces } from "./strip-places.ts";

/** Finds a daemon in either spelling. @throws not_found  names the nearest daemon */
export function findDaemon(company: Company, name: string): Daemon {
  const daemon =
    company.daemons.get(name) ?? [...company.daemons.values()].find((other) => toKebab(other.id) === toKebab(name));
  if (daemon !== undefined) return daemon;
  const meant = nearest(name, company.daemons.keys());
  throw fail("not_found", {
    what: meant === undefined ? `daemon "${name}"` : `daemon "${name}" (did you mean "${meant}"?)`,
    nearest: meant ?? null,
  });
}

/** A daemon and, through its stages, every agent and child daemon that it can reach, each by its digest. */
export function pinDaemon(company: Company, daemon: Daemon, inline: Map<string, Agent> = new Map()): Pinned {
  const pins: Record<string, Digest> = {};
  const addAgent = (id: string): void => {
    const agent = inline.get(id) ?? company.agents.get(id);
    if (agent !== undefined)
      pins[`agent/${id}`] = company.digests.get(`agent/${id}`) ?? digestOf(agent as unknown as Json);
  };
  const addStages = (stages: Stage[]): void => {
    for (const stage of stages) {
      if ("agent" in stage) addAgent(stage.agent);
      for (const patch of stage.fallback) if (patch.agent !== undefined) addAgent(patch.agent);
      if (stage.type === "for-each") addStages(stage.stages);
      if (stage.type === "parallel") for (const branch of stage.branches) addStages(branch.stages);
      if (stage.type === "daemon") addDaemon(stage.daemon);
    }
  };
  const addDaemon = (id: string): void => {
    const child = company.daemons.get(id);
    if (child === undefined || pins[`daemon/${id}`] !== undefined) return;
    pins[`daemon/${id}`] = company.digests.get(`daemon/${id}`)!;
    addStages(child.stages);
  };
  addStages(daemon.stages);
  const body = stripPlaces(daemon);
  return { digest: digestOf(body), daemon: body as unknown as Daemon, pins, names: namesOf(company) };
}

/** What expressions of a run may read besides its inputs and outputs. `products` and `agents` also resolve inputs. */
function namesOf(company: Company): JsonObject {
  const { id, name, currency, timezone } = company;
  const agents = [...company.agents.values()].map((agent): [string, Json] => [
    agent.id,
    { id: agent.id, name: agent.name },
  ]);
  return {
    company: { id, name, currency, timezone },
    env: company.env,
    products: Object.fromEntries(company.products),
    agents: Object.fromEntries(agents),
  };
}
