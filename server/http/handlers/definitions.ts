import { type Daemon, type DaemonSummary, fail, type JsonObject } from "@regent/contract";
import type { Capabilities } from "../doors.ts";
import type { HandlersOf } from "./handlers.ts";

export const definitionHandlers = ({ definitions }: Capabilities): HandlersOf<"definitions"> => ({
  listDaemons({ limit, cursor }) {
    const left = definitions
      .daemons()
      .filter(({ daemon }) => cursor === undefined || daemon.id > cursor)
      .sort((a, b) => (a.daemon.id < b.daemon.id ? -1 : 1));
    const items = left.slice(0, limit).map(toDaemonSummary);
    return { items, next_cursor: left.length > limit ? items.at(-1)!.id : null };
  },
  async getDaemon({ id }) {
    const found = definitions.daemons().find(({ daemon }) => daemon.id === id);
    if (!found) throw fail("not_found", { what: "daemon", id });
    return {
      ...toDaemonSummary(found),
      definition: JSON.parse(JSON.stringify(found.daemon)) as JsonObject,
      versions: await definitions.history("daemon", id),
    };
  },
  problems: () => ({ items: definitions.problems() }),
  listSchemas: () => ({
    items: [...definitions.schemas().keys()].map((name) => ({ name, path: `/v1/definitions/schemas/${name}` })),
  }),
  getSchema({ name }) {
    const schema = definitions.schemas().get(name);
    if (!schema) throw fail("not_found", { what: "schema", id: name });
    return schema;
  },
});

const toDaemonSummary = ({ daemon, digest }: { daemon: Daemon; digest: string }): DaemonSummary => ({
  id: daemon.id,
  name: daemon.name,
  version: daemon.version,
  digest,
  description: daemon.description ?? null,
  stages: daemon.stages.length,
  inputs: daemon.inputs.map((input) => ({
    name: input.name,
    type: input.type,
    required: input.required,
    description: input.description ?? null,
    default: input.default ?? null,
    options: input.options ?? null,
  })),
});
