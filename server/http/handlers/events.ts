import type { Capabilities } from "../doors.ts";
import type { HandlersOf } from "./handlers.ts";

export const eventHandlers = ({ events }: Capabilities): HandlersOf<"events"> => ({
  emit({ type, data, id }, call) {
    const own = id === undefined ? call.newId("evt") : id.startsWith("evt_") ? id : `evt_${id}`;
    return events.emit({ id: own, type, data, source: call.by });
  },
  async list(filter) {
    const { items, nextCursor } = await events.list(filter);
    return { items, next_cursor: nextCursor };
  },
});
