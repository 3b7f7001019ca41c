import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fail, type JsonObject } from "@regent/contract";
import type { Approvals } from "#approvals";
import type { Companies } from "#company";
import type { Files } from "#files";
import type { Gateway } from "#gateway";
import type { Capabilities, SystemDoor } from "#http";
import type { Kernel } from "#kernel";
import type { Triggers } from "#triggers";

export interface Parts {
  kernel: Kernel;
  approvals: Approvals;
  triggers: Triggers;
  files: Files;
  companies: Companies;
  gateway: Gateway;
  status: SystemDoor;
}

/** The parts as the API wants them. */
export function doorsOfHttp({ kernel, approvals, triggers, files, companies, gateway, status }: Parts): Capabilities {
  const pin = (request: { daemon?: string; definition?: string | JsonObject }) => {
    if (request.definition !== undefined) return companies.pinInline(request.definition);
    if (request.daemon === undefined)
      throw fail("invalid_input", { errors: [{ pointer: "/daemon", message: "is missing" }] });
    return companies.pin(request.daemon);
  };
  const schemas = readSchemas();
  return {
    runs: {
      ...kernel,
      async start({ id, inputs, by, priority, ...request }) {
        const trigger = { kind: "manual", by } as const;
        return kernel.start({
          id,
          pinned: await pin(request),
          inputs,
          trigger,
          ...(priority === undefined ? {} : { priority }),
        });
      },
      async replay({ version, ...request }) {
        if (version === "pinned") return kernel.replay(request);
        const { daemon } = await kernel.get(request.run);
        return kernel.replay({ ...request, pinned: await companies.pin(daemon.id) });
      },
    },
    approvals,
    events: triggers.events,
    triggers,
    files,
    definitions: {
      companyName: () => companies.current().name,
      daemons() {
        const { daemons, digests } = companies.current();
        return [...daemons.values()].map((daemon) => ({ daemon, digest: digests.get(`daemon/${daemon.id}`) ?? "" }));
      },
      history: (kind, id) => companies.history(kind, id),
      problems: () => companies.problems(),
      schemas: () => schemas,
    },
    models: gateway,
    system: status,
  };
}

const SCHEMAS = join(import.meta.dirname, "../contract/schemas");

/** Made from the contract and kept beside it, for editors that read files. */
const readSchemas = (): Map<string, JsonObject> =>
  new Map(
    globSync("*.schema.json", { cwd: SCHEMAS }).map((name) => [
      name.replace(".schema.json", ""),
      JSON.parse(readFileSync(join(SCHEMAS, name), "utf8")) as JsonObject,
    ]),
  );
