import type { Capabilities } from "../doors.ts";
import type { HandlersOf } from "./handlers.ts";

export const eventHandlers = ({ events }: Capabilities): HandlersOf<"events"> => ({
  async emit({ type, data, id }, call) {
    const own = id === undefined ? call.newId("evt") : id.startsWith("evt_") ? id : `evt_${id}`;
    return events.get(await events.emit({ id: own, type, data, source: call.by }));
  },
  list: (filter) => events.list(filter),
});
