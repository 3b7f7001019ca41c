import type { Json, JsonObject } from "@regent/contract";
import { type Clock, canonicalJson, type Database, digestOf } from "#platform";
import type { Company, Problem } from "./company.ts";
import { bodiesOf } from "./make-company.ts";
import { createCompanyStore, type NewDefinition } from "./store.ts";

type Version = NewDefinition & { version: string | null };

/**
 * Writes what is new in a company's definitions. What is loaded unchanged writes nothing, so any number of workers
 * may load one folder. Returns warnings: a version whose content is not what it was.
 */
export async function recordVersions(deps: { database: Database; clock: Clock }, company: Company): Promise<Problem[]> {
  const latest = await createCompanyStore(deps.database).latestDigests();
  const changed = listVersions(company).filter((item) => latest.get(`${item.kind}/${item.id}`) !== item.digest);
  if (changed.length === 0) return [];
  return await deps.database.transaction(async (tx) => {
    const store = createCompanyStore(tx);
    await store.lock();
    const now = await store.latestDigests();
    const fresh = changed.filter((item) => now.get(`${item.kind}/${item.id}`) !== item.digest);
    const versioned = fresh.flatMap((item) => (item.version === null ? [] : [{ ...item, version: item.version }]));
    const reused = await store.findReusedVersions(versioned);
    await store.putDefinitions(fresh);
    await store.addVersions(fresh, new Date(deps.clock.now()));
    return versioned.filter((item) => reused.has(`${item.kind}/${item.id}`)).map((item) => warnReused(company, item));
  });
}

function listVersions(company: Company): Version[] {
  const versions: Version[] = [];
  for (const [key, body] of bodiesOf(company)) {
    const slash = key.indexOf("/");
    const [kind, id] = [key.slice(0, slash), key.slice(slash + 1)];
    versions.push({
      kind,
      id,
      digest: company.digests.get(key)!,
      body: canonicalJson(body),
      version: versionOf(kind, body),
    });
  }
  return versions;
}

function versionOf(kind: string, body: Json): string | null {
  const source = body as JsonObject;
  const version = kind === "skill" ? (source.skill as JsonObject | undefined)?.version : source.version;
  return typeof version === "string" && version !== "0.0.0" ? version : null;
}

function warnReused(company: Company, { kind, id, version }: Version): Problem {
  const place = company.places.get(`${kind}/${id}`) ?? { file: ".", line: 1, column: 1 };
  const message = `The ${kind} "${id}" has changed, but is still version ${version}.`;
  return { ...place, pointer: "", message, suggestion: "raise its version", severity: "warning" };
}

export const toStored = (kind: string, id: string, body: Json): NewDefinition => ({
  kind,
  id,
  digest: digestOf(body),
  body: canonicalJson(body),
});
