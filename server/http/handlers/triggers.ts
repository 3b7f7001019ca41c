import type { Capabilities } from "../doors.ts";
import type { HandlersOf } from "./handlers.ts";

export const triggerHandlers = ({ triggers }: Capabilities): HandlersOf<"triggers"> => ({
  list: async () => ({ items: await triggers.list() }),
  problems: async ({ limit }) => ({ items: await triggers.problems(limit) }),
});
