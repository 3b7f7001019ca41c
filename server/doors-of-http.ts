import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fail, type JsonObject, toCost } from "@regent/contract";
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
    if (request.daemon === undefined) throw fail("invalid_input", { errors: [{ pointer: "/daemon", message: "is missing" }] });
    return companies.pin(request.daemon);
  };
  const schemas = readSchemas();
  return {
    runs: {
      ...kernel,
      async start({ id, inputs, by, priority, ...request }) {
        const trigger = { kind: "manual", by } as const;
        return kernel.start({ id, pinned: await pin(request), inputs, trigger, ...(priority === undefined ? {} : { priority }) });
      },
      async replay({ version, ...request }) {
        if (version === "pinned") return kernel.replay(request);
        const { daemon } = await kernel.get(request.run);
        return kernel.replay({ ...request, pinned: await companies.pin(daemon.id) });
      },
    },
    approvals,
    events: {
      async emit(event) {
        return triggers.events.get(await triggers.events.emit(event));
      },
      async list(filter) {
        const { items, next_cursor } = await triggers.events.list(filter);
        return { items, nextCursor: next_cursor };
      },
    },
    files,
    definitions: {
      daemons() {
        const { daemons, digests } = companies.current();
        return [...daemons.values()].map((daemon) => ({ daemon, digest: digests.get(`daemon/${daemon.id}`) ?? "" }));
      },
      history: (kind, id) => companies.history(kind, id),
      problems: () => companies.problems(),
      schemas: () => schemas,
    },
    models: {
      list: () => gateway.list(),
      async ask({ model, prompt, key, signal }) {
        const messages = [{ role: "user" as const, content: prompt }];
        const { text, provider, model: used, offline, spent } = await gateway.complete({ model, messages }, { run: key, key, signal });
        return { text, provider, model: used, offline, cost: toCost(spent) };
      },
    },
    system: status,
  };
}

/** Made from the contract and kept beside it, for editors that read files. */
function readSchemas(): Map<string, JsonObject> {
  const folder = join(import.meta.dirname, "../contract/schemas");
  const names = readdirSync(folder).filter((name) => name.endsWith(".schema.json"));
  return new Map(
    names.map((name) => [
      name.replace(".schema.json", ""),
      JSON.parse(readFileSync(join(folder, name), "utf8")) as JsonObject,
    ]),
  );
}
